// ViewerSet: thousands of viewers in one thread, each of which checks that it gets every entry once
// and in order. Whatever one of them meets that must not be ends the program.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "bench/load/link.h"

namespace tailrace::bench {

class ViewerSet {
 public:
  explicit ViewerSet(const Target& target);
  ~ViewerSet();
  ViewerSet(const ViewerSet&) = delete;
  ViewerSet& operator=(const ViewerSet&) = delete;

  /// Opens `logs.size()` more viewers, each of that log, and returns when all are answered. Not too
  /// many at a time, so that the listen queue does not overflow.
  void Connect(const ViewerPlan& plan, const std::vector<size_t>& logs);
  /// The same for so many viewers of log 0.
  void Connect(const ViewerPlan& plan, size_t count);
  /// Begins to open one more connection and does not wait for anything.
  void Start(const ViewerPlan& plan, const std::vector<size_t>& logs);

  /// Reads what has come, after waiting up to `timeout_ms`. Descriptors that are not viewers'
  /// (Watch) are left in Ready().
  void Poll(int timeout_ms);
  /// The same, but waits until this time (NowNs) at most, and to a fraction of a millisecond: no
  /// one has to spin, which would hold up others on the same core.
  void PollUntil(uint64_t time_ns);
  /// Lets Poll wait for another descriptor too, for edges of readable and writable; `id` comes back
  /// in Ready().
  void Watch(int fd, size_t id);
  const std::vector<size_t>& Ready() const { return ready_; }
  /// Notes from now on how long after it was due each checked viewer gets each entry.
  void NoteLatencies(const std::vector<uint64_t>* due_ns) { tally_.due_ns = due_ns; }

  size_t Size() const { return size_; }
  /// Viewers that are checked; only their entries count.
  size_t Checked() const { return checked_; }
  const Tally& tally() const { return tally_; }
  std::vector<uint64_t>& latencies_ns() { return tally_.latencies_ns; }
  /// How many entries each checked viewer got, in the order of their numbers.
  std::vector<uint64_t> Counts() const;
  /// Dies if any checked viewer did not get exactly `sent[p]` entries of producer p.
  void CheckExact(const std::vector<uint64_t>& sent) const;
  /// Dies if any checked viewer did not get exactly `sent[log]` entries of producer 0.
  void CheckLogs(const std::vector<uint64_t>& sent) const;

 private:
  void PollFor(uint64_t timeout_ns);
  void WaitUntilOpen(size_t missing);
  template <typename Call>
  void ForChecked(Call call) const;

  Target target_;
  int epoll_;
  size_t size_ = 0;
  size_t checked_ = 0;
  Tally tally_;
  std::list<ViewerPlan> plans_;  // viewers refer to them
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<bool> sending_;  // watched for room too
  std::vector<epoll_event> events_;
  std::vector<size_t> ready_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace tailrace::bench
