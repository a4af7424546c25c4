#include "server/sse_stream.h"

#include "http/sse.h"
#include "server/sse_renderer.h"
#include "server/worker.h"

namespace tailrace {

SseStream::SseStream(Exchange& exchange, Options options, const StreamOpening& opening)
    : Viewer(Style(options.format, options.coding), opening.chunked, std::move(options.start),
             &exchange),
      exchange_(exchange),
      pass_(std::move(options.pass)),
      last_write_ms_(exchange.worker().loop().NowMs()),
      dialect_(options.dialect),
      pings_(options.dialect == Dialect::kNative && options.format != Format::kText) {
  exchange_.worker().shared().viewers.fetch_add(1, std::memory_order_relaxed);
  QueueRaw(opening.head);
  idle_ms_ = DrawIdleMs();
  exchange_.SetDeadline(idle_ms_);
}

SseStream::~SseStream() {
  exchange_.worker().feeds().Detach(*this);
  exchange_.worker().shared().viewers.fetch_sub(1, std::memory_order_relaxed);
}

int64_t SseStream::Write(std::span<const iovec> parts) {
  last_write_ms_ = exchange_.worker().loop().NowMs();
  return exchange_.Write(parts);
}

void SseStream::OnWritable() {
  exchange_.worker().feeds().Writable(*this);
}

void SseStream::OnTurn() {
  exchange_.worker().feeds().ServeBlocked(*this);
}

// ------------------------------------------------------------------------------------------------
// While nothing comes

uint64_t SseStream::DrawIdleMs() {
  const StreamConfig& streams = exchange_.worker().config().streams;
  if (dialect_ == Dialect::kPortalSentinel) return streams.none_interval_ms;
  const uint64_t tenth = streams.heartbeat_ms / 10;
  return exchange_.worker().random().Between(streams.heartbeat_ms - tenth,
                                             streams.heartbeat_ms + tenth);
}

std::string_view SseStream::IdlePayload() const {
  if (dialect_ == Dialect::kPortalSentinel) return "data: [NONE]\n\n";
  return pings_ ? "event: ping\ndata: {}\n\n" : ":\n\n";
}

void SseStream::OnDeadline() {
  const uint64_t silent_ms = exchange_.worker().loop().NowMs() - last_write_ms_;
  if (silent_ms < idle_ms_) {
    exchange_.SetDeadline(idle_ms_ - silent_ms);
    return;
  }
  exchange_.worker().feeds().NotifyIfIdle(*this, IdlePayload());
  idle_ms_ = DrawIdleMs();
  exchange_.SetDeadline(idle_ms_);
}

void SseStream::OnReadEnd() {
  // The client closed both directions, or only its own and still listens. If it is gone, the first
  // bytes are answered by a reset, and the connection is broken.
  exchange_.worker().feeds().NotifyIfIdle(*this, ":\n\n");
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
  ++exchange_.worker().stats().streams_ended;
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
  const StreamConfig& streams = exchange_.worker().config().streams;
  AppendSseRetry(out, exchange_.worker().random().Between(streams.soft_retry_min_ms,
                                                          streams.soft_retry_max_ms));
  AppendSseEnd(out);
}

// The portal's page does not know this event and connects again; then the status tells it.
void SseStream::TellExpired(std::string& out) {
  Worker& worker = exchange_.worker();
  if (pass_.IsToAskAgain()) {
    const StreamConfig& streams = worker.config().streams;
    AppendSseRetry(out, worker.random().Between(streams.retry_min_ms, streams.retry_max_ms));
    AppendSseEnd(out);
    return;
  }
  ++worker.stats().streams_expired;
  AppendSseEvent(out, "expired");
  AppendSseDataLine(out, "{}");
  AppendSseEnd(out);
}

void SseStream::Recheck() {
  if (!Attached()) return;
  const LogInfo* log = KnownLog();
  if (log != nullptr ? pass_.MayRead(*log) : pass_.MayReadSome(key())) return;
  if (dialect_ == Dialect::kPortalPlain) {  // there a whole answer means that the log has ended
    exchange_.worker().feeds().Detach(*this);
    exchange_.Close();
    return;
  }
  std::string payload;
  TellExpired(payload);
  exchange_.worker().feeds().Finish(*this, payload);
}

void SseStream::Drain(uint64_t retry_ms) {
  std::string payload;
  AppendSseRetry(payload, retry_ms);
  AppendSseEnd(payload);
  exchange_.worker().feeds().Finish(*this, payload);
}

void SseStream::OnFinished() {
  exchange_.CloseGently();
}

void SseStream::OnAborted() {
  exchange_.Close();
}

}  // namespace tailrace
