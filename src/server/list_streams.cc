#include "server/list_streams.h"

#include "feed/segment.h"
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
  if (streams_.empty()) return;
  std::string payload;
  for (const Commit& commit : commits) {
    // A log may be created and ended by one request: both are told.
    if (commit.created && commit.ended) AppendListEvent(payload, "created", *commit.info);
    AppendListEvent(payload, EventName(commit), *commit.info);
  }
  std::string framed;
  AppendHttpChunk(framed, payload);
  for (ListStream* stream : streams_) stream->Send(framed, payload);
}

void ListStreams::Add(ListStream& stream) {
  if (streams_.empty()) watch_(true);
  streams_.insert(&stream);
}

void ListStreams::Remove(ListStream& stream) {
  if (streams_.erase(&stream) > 0 && streams_.empty()) watch_(false);
}

ListStream::ListStream(Session& session, ListStreams& streams, std::string head, bool chunked)
    : session_(session), streams_(streams), unsent_(std::move(head)), chunked_(chunked) {
  streams_.Add(*this);
  OnWritable();
  session_.SetDeadline(session_.worker().config().streams.heartbeat_ms);
}

ListStream::~ListStream() {
  streams_.Remove(*this);
}

void ListStream::Send(std::string_view framed, std::string_view payload) {
  if (closing_) return;
  const bool was_empty = unsent_.empty();
  unsent_.append(chunked_ ? framed : payload);
  if (unsent_.size() > kMaxUnsentBytes) {
    closing_ = true;
    session_.Close();
  } else if (was_empty) {
    Flush();
  }
}

void ListStream::SendPayload(std::string_view payload) {
  std::string framed;
  AppendHttpChunk(framed, payload);
  Send(framed, payload);
}

void ListStream::OnWritable() {
  Flush();
}

void ListStream::Flush() {
  const iovec part{unsent_.data(), unsent_.size()};
  const int64_t sent = session_.Write(std::span(&part, 1));
  if (sent < 0) {
    session_.Close();
    return;
  }
  unsent_.erase(0, static_cast<size_t>(sent));
  if (unsent_.empty()) unsent_.shrink_to_fit();
}

void ListStream::OnDeadline() {
  if (unsent_.empty()) SendPayload("event: ping\ndata: {}\n\n");
  session_.SetDeadline(session_.worker().config().streams.heartbeat_ms);
}

void ListStream::OnReadEnd() {
  session_.Close();
}

void ListStream::Drain(uint64_t retry_ms) {
  std::string payload;
  AppendSseRetry(payload, retry_ms);
  AppendSseEnd(payload);
  if (unsent_.empty()) SendPayload(payload);
  session_.Close();
}

}  // namespace tailrace
