#include "server/sse_stream.h"

#include "http/sse.h"
#include "server/sse_renderer.h"
#include "server/worker.h"

namespace tailrace {

SseStream::SseStream(Session& session, Options options, std::string_view head)
    : Viewer(Style(options.format, options.coding), options.chunked, std::move(options.start)),
      session_(session),
      last_write_ms_(session.worker().loop().NowMs()),
      dialect_(options.dialect),
      pings_(options.dialect == Dialect::kNative && options.format != Format::kText) {
  session_.worker().shared().viewers.fetch_add(1, std::memory_order_relaxed);
  QueueRaw(head);
  idle_ms_ = DrawIdleMs();
  session_.SetDeadline(idle_ms_);
}

SseStream::~SseStream() {
  session_.worker().feeds().Detach(*this);
  session_.worker().shared().viewers.fetch_sub(1, std::memory_order_relaxed);
}

int64_t SseStream::Write(std::span<const iovec> parts) {
  last_write_ms_ = session_.worker().loop().NowMs();
  return session_.Write(parts);
}

void SseStream::OnWritable() {
  session_.worker().feeds().Writable(*this);
}

// ------------------------------------------------------------------------------------------------
// While nothing comes

uint64_t SseStream::DrawIdleMs() {
  const StreamConfig& streams = session_.worker().config().streams;
  if (dialect_ == Dialect::kPortalSentinel) return streams.none_interval_ms;
  const uint64_t tenth = streams.heartbeat_ms / 10;
  return session_.worker().random().Between(streams.heartbeat_ms - tenth,
                                            streams.heartbeat_ms + tenth);
}

std::string_view SseStream::IdlePayload() const {
  if (dialect_ == Dialect::kPortalSentinel) return "data: [NONE]\n\n";
  return pings_ ? "event: ping\ndata: {}\n\n" : ":\n\n";
}

void SseStream::OnDeadline() {
  const uint64_t silent_ms = session_.worker().loop().NowMs() - last_write_ms_;
  if (silent_ms < idle_ms_) {
    session_.SetDeadline(idle_ms_ - silent_ms);
    return;
  }
  session_.worker().feeds().NotifyIfIdle(*this, IdlePayload());
  idle_ms_ = DrawIdleMs();
  session_.SetDeadline(idle_ms_);
}

void SseStream::OnReadEnd() {
  // The client closed both directions, or only its own and still listens. If it is gone, the first
  // bytes are answered by a reset, and the connection is broken.
  session_.worker().feeds().NotifyIfIdle(*this, ":\n\n");
}

// ------------------------------------------------------------------------------------------------
// What is told besides entries

void SseStream::TellGap(std::string& out, const LogInfo& info, Position from, Position to,
                        GapCause cause) {
  AppendSseEvent(out, "gap");
  std::string data = "{\"from\":" + std::to_string(from) + ",\"to\":" + std::to_string(to);
  data.append(",\"cause\":\"").append(GapCauseName(cause)).append("\"}");
  AppendSseDataLine(out, data);
  AppendCursorId(out, info.incarnation, to);
  AppendSseEnd(out);
}

void SseStream::TellReset(std::string& out, const LogInfo& info, ResetCause cause) {
  AppendSseEvent(out, "reset");
  std::string data = "{\"incarnation\":\"" + info.incarnation + "\",\"cause\":\"";
  data.append(cause == ResetCause::kAhead ? "ahead" : "recreated").append("\"}");
  AppendSseDataLine(out, data);
  AppendCursorId(out, info.incarnation, 0);
  AppendSseEnd(out);
}

void SseStream::TellEnd(std::string& out, const LogInfo& info) {
  ++session_.worker().stats().streams_ended;
  switch (dialect_) {
    case Dialect::kNative: {
      AppendSseEvent(out, "end");
      std::string data = "{";
      AppendOutcomeFields(data, info.outcome);
      data.append(",\"position\":").append(std::to_string(info.position)).append("}");
      AppendSseDataLine(out, data);
      break;
    }
    case Dialect::kPortalSentinel:
      AppendSseDataLine(out, "[DONE]");
      break;
    case Dialect::kPortalPlain:
      break;  // an id alone dispatches nothing, but a client that comes back brings it
  }
  AppendEndId(out, info);
  AppendSseEnd(out);
}

void SseStream::TellDeleted(std::string& out) {
  AppendSseEvent(out, "deleted");
  AppendSseDataLine(out, "{}");
  AppendSseEnd(out);
}

void SseStream::TellUnavailable(std::string& out) {
  const StreamConfig& streams = session_.worker().config().streams;
  AppendSseRetry(out, session_.worker().random().Between(streams.soft_retry_min_ms,
                                                         streams.soft_retry_max_ms));
  AppendSseEnd(out);
}

void SseStream::Drain(uint64_t retry_ms) {
  std::string payload;
  AppendSseRetry(payload, retry_ms);
  AppendSseEnd(payload);
  session_.worker().feeds().Finish(*this, payload);
}

void SseStream::OnFinished() {
  session_.CloseGently();
}

void SseStream::OnAborted() {
  session_.Close();
}

}  // namespace tailrace
