// ListStreams: the live list of logs (`GET /api/v1/logs/events`) of one worker.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "feed/segment.h"
#include "server/exchange.h"
#include "server/gate.h"
#include "store/log_store.h"

namespace tailrace {

class ListStream;

/// All list viewers of a worker. An event is made once for all of them and kept while it is among
/// the newest kWindowBytes; a viewer is a cursor into these.
class ListStreams {
 public:
  static constexpr uint64_t kWindowBytes = 256 << 10;

  /// `watch(true)` is called when the first viewer comes, `watch(false)` when the last one goes.
  explicit ListStreams(std::function<void(bool)> watch) : watch_(std::move(watch)) {}

  /// Logs that were created, ended or removed.
  void Apply(const std::vector<Commit>& commits);
  /// Serves at most `sends` viewers. True: there is more to do.
  bool RunTurn(size_t sends);
  size_t Size() const { return idle_.size() + ready_.size() + blocked_.size(); }

 private:
  friend class ListStream;
  using Viewers = std::list<ListStream*>;  // so that a viewer changes its place without a search

  struct Event {
    Segment segment;
    std::shared_ptr<const LogInfo> info;
  };

  uint64_t End() const { return first_ + window_.size(); }
  const Event& At(uint64_t event) const { return window_[event - first_]; }
  void Add(std::string_view name, const Commit& commit);
  void DropWindow();

  std::function<void(bool)> watch_;
  std::deque<Event> window_;  // first_, first_ + 1, …
  uint64_t first_ = 0;
  uint64_t window_bytes_ = 0;
  Viewers idle_;     // have all
  Viewers ready_;    // have something to send, and room for it
  Viewers blocked_;  // the transport is full
};

/// One viewer of the list. There is nothing to resume: a page that reconnects reads the list again,
/// so a viewer that falls out of the window is cut and does just that.
class ListStream final : public Stream {
 public:
  /// `greeting` is its first event. The first two outlive the stream.
  ListStream(Exchange& exchange, ListStreams& streams, StreamPass pass, StreamOpening opening,
             std::string_view greeting);
  ~ListStream() override;

  void OnWritable() override;
  void OnDeadline() override;
  void OnReadEnd() override;
  void Drain(uint64_t retry_ms) override;
  void Recheck() override;

 private:
  friend class ListStreams;

  void Serve();
  bool SendNotices();
  bool SendEvents();
  Sight LookAt(uint64_t event) const;
  std::string_view Unsent(uint64_t event) const;
  void Consume(uint64_t sent);
  void End(std::string_view payload);
  void QueueNotice(std::string_view payload);
  void MoveTo(ListStreams::Viewers& viewers);
  void SetHeartbeat();

  Exchange& exchange_;
  ListStreams& streams_;
  StreamPass pass_;
  ListStreams::Viewers* list_;
  ListStreams::Viewers::iterator place_;
  std::string notices_;  // framed; sent between two events
  uint64_t next_;        // event
  uint64_t offset_ = 0;  // bytes of it that were sent
  bool chunked_;
  bool held_ = false;  // by an event of which is not known yet whether it may be shown
};

}  // namespace tailrace
