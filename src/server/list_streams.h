// ListStreams: the live list of logs (`GET /api/v1/logs/events`) of one worker.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "server/session.h"
#include "store/log_store.h"

namespace tailrace {

class ListStream;

/// All list viewers of a worker: an event is made once for all of them.
class ListStreams {
 public:
  /// `watch(true)` is called when the first viewer comes, `watch(false)` when the last one goes.
  explicit ListStreams(std::function<void(bool)> watch) : watch_(std::move(watch)) {}

  /// Logs that were created, ended or removed.
  void Apply(const std::vector<Commit>& commits);
  size_t Size() const { return streams_.size(); }

  void Add(ListStream& stream);
  void Remove(ListStream& stream);

 private:
  std::function<void(bool)> watch_;
  std::unordered_set<ListStream*> streams_;
};

/// One viewer of the list. There is nothing to resume: a page that reconnects reads the list again,
/// so a viewer that falls more than kMaxUnsentBytes behind is cut and does just that.
class ListStream final : public Stream {
 public:
  static constexpr size_t kMaxUnsentBytes = 256 << 10;

  /// `head` goes out first. Both outlive the stream.
  ListStream(Session& session, ListStreams& streams, std::string head, bool chunked);
  ~ListStream() override;

  /// One event as an HTTP chunk, and without.
  void Send(std::string_view framed, std::string_view payload);

  void OnWritable() override;
  void OnDeadline() override;
  void OnReadEnd() override;
  void Drain(uint64_t retry_ms) override;

 private:
  void SendPayload(std::string_view payload);
  void Flush();

  Session& session_;
  ListStreams& streams_;
  std::string unsent_;
  bool chunked_;
  bool closing_ = false;
};

}  // namespace tailrace
