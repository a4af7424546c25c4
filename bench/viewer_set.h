// ViewerSet: thousands of viewers of one stream in one thread, each of which checks that it gets
// every entry once and in order.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/mark.h"

namespace tailrace::bench {

class ViewerSet {
 public:
  explicit ViewerSet(uint16_t port);
  ~ViewerSet();
  ViewerSet(const ViewerSet&) = delete;
  ViewerSet& operator=(const ViewerSet&) = delete;

  /// Opens `count` more viewers by `GET path` and returns when each has got its first bytes.
  /// `headers`: more lines of the request's head, each with its line end.
  void Connect(const std::string& path, size_t count, const std::string& headers = "");

  /// Reads what has come, after waiting up to `timeout_ms`. Descriptors that are not viewers'
  /// (Watch) are left in Ready().
  void Poll(int timeout_ms);
  /// Entry n was due at `due_ns[n]`: notes how long after that each viewer got it. Borrowed; may
  /// grow.
  void NoteLatencies(const std::vector<uint64_t>* due_ns) { due_ns_ = due_ns; }
  std::vector<uint64_t>& latencies_ns() { return latencies_ns_; }
  /// Writes the bytes behind the answer's head to `file` (one viewer only). Borrowed.
  void SaveTo(std::FILE* file) { save_ = file; }

  /// Lets Poll wait for another descriptor too, for edges of readable and writable; `id` comes back
  /// in Ready().
  void Watch(int fd, size_t id);
  const std::vector<size_t>& Ready() const { return ready_; }

  size_t Size() const { return viewers_.size(); }
  /// Entries that all viewers together got.
  uint64_t Entries() const { return entries_; }
  uint64_t Bytes() const { return bytes_; }
  /// Viewers whose stream ended.
  size_t Ended() const { return ended_; }
  /// Dies if any viewer did not get exactly `sent[p]` entries of producer p.
  void CheckExact(const std::vector<uint64_t>& sent) const;

 private:
  struct Viewer {
    int fd = -1;
    bool opened = false;
    MarkScanner scanner;
  };
  void Read(Viewer& viewer);

  uint16_t port_;
  int epoll_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  std::vector<epoll_event> events_;
  std::vector<size_t> ready_;
  const std::vector<uint64_t>* due_ns_ = nullptr;
  std::vector<uint64_t> latencies_ns_;
  std::FILE* save_ = nullptr;
  std::unique_ptr<char[]> buffer_;
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
  size_t opened_ = 0;
  size_t ended_ = 0;
};

}  // namespace tailrace::bench
