#include "server/list_streams.h"

#include <algorithm>
#include <array>

#include "http/response.h"
#include "http/sse.h"
#include "log/log_info.h"
#include "server/worker.h"

namespace tailrace {
namespace {

constexpr size_t kMaxParts = 64;  // of one write

std::string_view EventName(const Commit& commit) {
  if (commit.kind == Commit::Kind::kRemoved) return "deleted";
  return commit.ended ? "ended" : "created";
}

void AppendListEvent(std::string& out, std::string_view name, const LogInfo& info) {
  std::string json;
  AppendLogInfoJson(json, info);
  AppendSseEvent(out, name);
  AppendSseDataLine(out, json);
  AppendSseEnd(out);
}

}  // namespace

void ListStreams::Apply(const std::vector<Commit>& commits) {
  if (commits.empty() || Size() == 0) return;
  for (const Commit& commit : commits) {
    // A log may be created and ended by one request: both are told.
    if (commit.created && commit.ended) Add("created", commit);
    Add(EventName(commit), commit);
  }
  while (window_bytes_ > kWindowBytes && window_.size() > 1) {
    window_bytes_ -= window_.front().segment.bytes.size();
    window_.pop_front();
    ++first_;
  }
  for (ListStream* stream : idle_) stream->list_ = &ready_;
  ready_.splice(ready_.end(), idle_);
}

void ListStreams::Add(std::string_view name, const Commit& commit) {
  std::string payload;
  AppendListEvent(payload, name, *commit.info);
  Event& event = window_.emplace_back();
  event.info = commit.info;
  AppendHttpChunk(event.segment.bytes, payload);
  window_bytes_ += event.segment.bytes.size();
}

bool ListStreams::RunTurn(size_t sends) {
  for (; sends > 0 && !ready_.empty(); --sends) ready_.front()->Serve();
  if (ready_.empty() && blocked_.empty()) DropWindow();
  return !ready_.empty();
}

void ListStreams::DropWindow() {
  first_ = End();
  window_.clear();
  window_bytes_ = 0;
}

ListStream::ListStream(Exchange& exchange, ListStreams& streams, StreamPass pass,
                       StreamOpening opening, std::string_view greeting)
    : exchange_(exchange),
      streams_(streams),
      pass_(std::move(pass)),
      list_(&streams.blocked_),
      notices_(std::move(opening.head)),
      next_(streams.End()),
      chunked_(opening.chunked) {
  QueueNotice(greeting);
  if (streams_.Size() == 0) streams_.watch_(true);
  place_ = list_->insert(list_->end(), this);
  SetHeartbeat();
}

ListStream::~ListStream() {
  list_->erase(place_);
  if (streams_.Size() == 0) streams_.watch_(false);
}

void ListStream::MoveTo(ListStreams::Viewers& viewers) {
  viewers.splice(viewers.end(), *list_, place_);
  list_ = &viewers;
}

void ListStream::QueueNotice(std::string_view payload) {
  if (chunked_) {
    AppendHttpChunk(notices_, payload);
  } else {
    notices_.append(payload);
  }
}

void ListStream::Serve() {
  const bool is_cut = next_ < streams_.first_;
  if (is_cut || !SendNotices() || !SendEvents()) {
    MoveTo(streams_.blocked_);
    if (is_cut) exchange_.Close();
  } else {
    MoveTo(streams_.idle_);
  }
}

// False: the transport is full or broken.
bool ListStream::SendNotices() {
  if (notices_.empty() || offset_ > 0) return true;
  const iovec part{notices_.data(), notices_.size()};
  const int64_t sent = exchange_.Write(std::span(&part, 1));
  if (sent < 0) exchange_.Close();
  notices_.erase(0, static_cast<size_t>(std::max<int64_t>(sent, 0)));
  if (notices_.empty()) notices_ = {};
  return notices_.empty();
}

// The same.
bool ListStream::SendEvents() {
  held_ = false;
  while (next_ < streams_.End() && !held_) {
    std::array<iovec, kMaxParts> parts;
    size_t count = 0;
    uint64_t bytes = 0;
    uint64_t end = next_;
    for (; end < streams_.End() && count < kMaxParts; ++end) {
      const Sight sight = LookAt(end);
      if (sight == Sight::kUnavailable) {
        exchange_.Close();  // as one that is cut
        return false;
      }
      held_ = sight == Sight::kAsking;
      if (held_) break;
      const std::string_view part = Unsent(end);
      if (part.empty()) continue;
      parts[count++] = {const_cast<char*>(part.data()), part.size()};
      bytes += part.size();
    }
    const int64_t sent = count > 0 ? exchange_.Write(std::span(parts.data(), count)) : 0;
    if (sent < 0) exchange_.Close();
    if (sent < static_cast<int64_t>(bytes)) {
      Consume(static_cast<uint64_t>(std::max<int64_t>(sent, 0)));
      return false;
    }
    next_ = end;
    offset_ = 0;
  }
  return !held_;
}

Sight ListStream::LookAt(uint64_t event) const {
  const bool is_begun = event == next_ && offset_ > 0;
  return is_begun ? Sight::kYes : pass_.LookAt(*streams_.At(event).info);
}

// Empty: its viewer may not see it.
std::string_view ListStream::Unsent(uint64_t event) const {
  const ListStreams::Event& what = streams_.At(event);
  const uint64_t offset = event == next_ ? offset_ : 0;
  if (LookAt(event) != Sight::kYes) return {};
  return what.segment.Framed(chunked_).substr(offset);
}

void ListStream::Consume(uint64_t sent) {
  for (;; ++next_, offset_ = 0) {
    const uint64_t size = Unsent(next_).size();
    if (sent < size) break;
    sent -= size;
  }
  offset_ += sent;
}

void ListStream::OnWritable() {
  MoveTo(streams_.ready_);
}

void ListStream::SetHeartbeat() {
  Worker& worker = exchange_.worker();
  const uint64_t heartbeat_ms = worker.config().streams.heartbeat_ms;
  exchange_.SetDeadline(
      worker.random().Between(heartbeat_ms - heartbeat_ms / 10, heartbeat_ms + heartbeat_ms / 10));
}

void ListStream::OnDeadline() {
  if (list_ == &streams_.idle_) {
    QueueNotice("event: ping\ndata: {}\n\n");
    MoveTo(streams_.ready_);
  }
  SetHeartbeat();
}

void ListStream::OnReadEnd() {
  exchange_.Close();
}

void ListStream::Drain(uint64_t retry_ms) {
  std::string payload;
  AppendSseRetry(payload, retry_ms);
  AppendSseEnd(payload);
  End(payload);
}

void ListStream::Recheck() {
  if (pass_.MayList()) {
    if (std::exchange(held_, false)) MoveTo(streams_.ready_);
    return;
  }
  if (pass_.IsToAskAgain()) {
    const StreamConfig& streams = exchange_.worker().config().streams;
    Drain(exchange_.worker().random().Between(streams.retry_min_ms, streams.retry_max_ms));
    return;
  }
  ++exchange_.worker().stats().streams_expired;
  End("event: expired\ndata: {}\n\n");
}

void ListStream::End(std::string_view payload) {
  if (list_ != &streams_.idle_) {  // its client comes back by itself
    exchange_.Close();
    return;
  }
  QueueNotice(payload);
  if (chunked_) notices_.append(kLastChunk);
  if (SendNotices()) {
    exchange_.CloseGently();  // the end of this object
  } else {
    exchange_.Close();
  }
}

}  // namespace tailrace
