#include "server/list_streams.h"

#include <algorithm>

#include "http/response.h"
#include "http/sse.h"
#include "log/log_info.h"
#include "server/worker.h"

namespace tailrace {
namespace {

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
  std::string payload;
  for (const Commit& commit : commits) {
    // A log may be created and ended by one request: both are told.
    if (commit.created && commit.ended) AppendListEvent(payload, "created", *commit.info);
    AppendListEvent(payload, EventName(commit), *commit.info);
  }
  Segment& events = window_.emplace_back();
  AppendHttpChunk(events.bytes, payload);
  window_bytes_ += events.bytes.size();
  while (window_bytes_ > kWindowBytes && window_.size() > 1) {
    window_bytes_ -= window_.front().bytes.size();
    window_.pop_front();
    ++first_;
  }
  for (ListStream* stream : idle_) stream->list_ = &ready_;
  ready_.splice(ready_.end(), idle_);
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

ListStream::ListStream(Exchange& exchange, ListStreams& streams, StreamOpening opening,
                       std::string_view greeting)
    : exchange_(exchange),
      streams_(streams),
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
  for (; next_ < streams_.End(); ++next_, offset_ = 0) {
    std::string_view event = streams_.window_[next_ - streams_.first_].Framed(chunked_);
    event.remove_prefix(offset_);
    const iovec part{const_cast<char*>(event.data()), event.size()};
    const int64_t sent = exchange_.Write(std::span(&part, 1));
    if (sent < 0) exchange_.Close();
    if (sent < static_cast<int64_t>(event.size())) {
      offset_ += static_cast<uint64_t>(std::max<int64_t>(sent, 0));
      return false;
    }
  }
  return true;
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
  if (list_ != &streams_.idle_) {  // its client comes back by itself
    exchange_.Close();
    return;
  }
  std::string payload;
  AppendSseRetry(payload, retry_ms);
  AppendSseEnd(payload);
  QueueNotice(payload);
  if (chunked_) notices_.append(kLastChunk);
  if (SendNotices()) {
    exchange_.CloseGently();  // the end of this object
  } else {
    exchange_.Close();
  }
}

}  // namespace tailrace
