// The live streams: of one log, of the list, and of one log as the portal wants it.
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "http/negotiate.h"
#include "http/sse.h"
#include "server/cursor_text.h"
#include "server/handlers/handlers.h"
#include "server/handlers/stream_headers.h"
#include "server/list_streams.h"
#include "server/sse_stream.h"

namespace tailrace {
namespace {

std::string RetryEvent(uint64_t retry_ms) {
  std::string out;
  AppendSseRetry(out, retry_ms);
  AppendSseEnd(out);
  return out;
}

Coding ChooseStreamCoding(const RequestHead& request) {
  switch (ChooseJoinedCoding(request.headers)) {
    case ContentCoding::kGzip:
      return Coding::kGzip;
    case ContentCoding::kZstd:
      return Coding::kZstd;
    case ContentCoding::kIdentity:
      break;
  }
  return Coding::kIdentity;
}

StreamOpening OpenStream(Exchange& exchange, Coding coding) {
  Headers headers;
  AddStreamHeaders(headers);
  if (coding != Coding::kIdentity) {
    headers.Add("Content-Encoding", coding == Coding::kGzip ? "gzip" : "zstd");
  }
  return exchange.OpenStream(headers);
}

// The first event of a stream.
std::string Greeting(Worker& worker) {
  const StreamConfig& streams = worker.config().streams;
  return RetryEvent(worker.random().Between(streams.retry_min_ms, streams.retry_max_ms));
}

// HEAD, a cursor behind the end, a full, starting or draining server. True: answered.
bool AnsweredWithoutStream(Call& call, bool behind_end) {
  Answer answer;
  if (behind_end) {
    answer.status = 204;
  } else if (call.head.method == Method::kHead) {
    AddStreamHeaders(answer.headers);
  } else if (call.worker.draining() || *call.worker.shared().store_is_opening ||
             call.worker.shared().viewers.load() >= call.worker.config().limits.viewers) {
    answer = ComeBackLater(call.worker);
  } else {
    return false;
  }
  call.reply.Send(std::move(answer));
  return true;
}

void StartLogStream(const Reply& reply, const LogKey& key, const IdentityPtr& identity,
                    SseStream::Options options) {
  Exchange* exchange = reply.Find();
  if (exchange == nullptr) return;
  Worker& worker = reply.worker();
  // What there is of it elsewhere comes while the stream waits.
  if (worker.shared().origin != nullptr) worker.shared().origin->Ask(key, {});
  ++worker.stats().streams_started;
  options.pass = worker.gate().Watch(identity);
  if (worker.config().compress) options.coding = ChooseStreamCoding(exchange->head());
  const StreamOpening opening = OpenStream(*exchange, options.coding);
  auto stream = std::make_unique<SseStream>(*exchange, std::move(options), opening);
  SseStream& viewer = *stream;
  exchange->StartStream(std::move(stream));
  worker.feeds().Attach(key, viewer, Greeting(worker));
}

// A client that has its answer may count on every entry that is committed from then on: the place
// is taken before the head goes out.
void PlaceAtTail(SseStream::Options& options, std::optional<uint64_t> tail, const LogInfo& info) {
  if (!tail) return;
  const Position kept = info.position - info.first;
  options.start = {.incarnation = info.incarnation,
                   .position = info.position - std::min(*tail, kept)};
}

// A log that does not exist begins behind every tail.
void StartAtTail(const Call& call, SseStream::Options options, uint64_t tail) {
  call.worker.Read([&store = call.worker.store(), key = call.key] { return store.Stat(key); },
                   [reply = call.reply, key = call.key, identity = call.identity,
                    options = std::move(options), tail](const Result<LogInfo>& info) mutable {
                     if (reply.worker().draining()) {
                       reply.Send(ComeBackLater(reply.worker()));
                       return;
                     }
                     if (info) PlaceAtTail(options, tail, *info);
                     StartLogStream(reply, key, identity, std::move(options));
                   });
}

// `?wait=0`: a log that does not exist is an error and not waited for. `asked`: WhenBroughtIn's.
void StartIfFound(const Reply& reply, const LogKey& key, const IdentityPtr& identity,
                  SseStream::Options options, std::optional<uint64_t> tail,
                  const Result<void>& asked) {
  Worker& worker = reply.worker();
  worker.Read([&store = worker.store(), key] { return store.Stat(key); },
              [reply, key, identity, options = std::move(options), tail,
               asked](const Result<LogInfo>& info) mutable {
                if (reply.worker().draining()) {
                  reply.Send(ComeBackLater(reply.worker()));
                } else if (info) {
                  PlaceAtTail(options, tail, *info);
                  StartLogStream(reply, key, identity, std::move(options));
                } else {
                  reply.Send(ProblemAnswer(asked ? info.error() : asked.error()));
                }
              });
}

void StartIfLogExists(const Call& call, SseStream::Options options, std::optional<uint64_t> tail) {
  WhenBroughtIn(call.reply, call.key,
                [reply = call.reply, key = call.key, identity = call.identity,
                 options = std::move(options), tail](const Result<void>& asked) mutable {
                  StartIfFound(reply, key, identity, std::move(options), tail, asked);
                });
}

Result<Format> ParseFormat(const Query& query) {
  const std::string_view format = query.Find("format").value_or("text");
  if (format == "text") return Format::kText;
  if (format == "json") return Format::kJson;
  if (format == "batch") return Format::kBatch;
  return FailField(ErrorCode::kInvalid, "format", "format: must be text, json or batch");
}

// What the client has of the log: its header wins, then the query's names in turn.
Result<CursorText> FindCursor(const Call& call, std::initializer_list<std::string_view> names) {
  if (const auto last = call.head.headers.Find("Last-Event-ID"); last && !last->empty()) {
    ++call.worker.stats().streams_resumed;
    return ParseLastEventId(*last);
  }
  for (const std::string_view name : names) {
    const auto text = call.query.Find(name);
    if (!text) continue;
    auto cursor = ParseCursor(*text);
    if (cursor) return *cursor;
    return FailField(ErrorCode::kInvalid, std::string(name),
                     std::string(name) + ": must be a position or INCARNATION.POSITION");
  }
  return CursorText{};
}

}  // namespace

// No status but 200 lets a browser try again (reference: WHATWG HTML §9.2.3).
Answer ComeBackLater(Worker& worker) {
  ++worker.stats().streams_refused;
  const StreamConfig& streams = worker.config().streams;
  Answer answer;
  AddStreamHeaders(answer.headers);
  answer.body =
      RetryEvent(worker.random().Between(streams.soft_retry_min_ms, streams.soft_retry_max_ms));
  answer.close = true;
  return answer;
}

void HandleLogStream(Call& call) {
  const Result<CursorText> cursor = FindCursor(call, {"last_event_id", "from"});
  const Result<Format> format = ParseFormat(call.query);
  const auto tail = DecimalParameter(call.query, "tail");
  const auto wait = FlagParameter(call.query, "wait");
  for (const Error* error : {cursor ? nullptr : &cursor.error(), format ? nullptr : &format.error(),
                             tail ? nullptr : &tail.error(), wait ? nullptr : &wait.error()}) {
    if (error == nullptr) continue;
    call.reply.Send(ProblemAnswer(*error));
    return;
  }
  if (AnsweredWithoutStream(call, cursor->behind_end)) return;
  SseStream::Options options;
  options.format = *format;
  options.start = {.incarnation = cursor->incarnation, .position = cursor->position};
  const std::optional<uint64_t> last = cursor->given ? std::nullopt : *tail;
  if (!wait->value_or(true)) {
    StartIfLogExists(call, std::move(options), last);
  } else if (last) {
    StartAtTail(call, std::move(options), *last);
  } else {
    StartLogStream(call.reply, call.key, call.identity, std::move(options));
  }
}

void HandlePortalStream(Call& call) {
  const std::string_view type = call.query.Find("type").value_or("");
  const std::string_view id = call.query.Find("id").value_or("");
  if (type.empty() || id.empty()) {
    Answer answer;
    AddStreamHeaders(answer.headers);
    answer.body = "data: [DONE]\n\n";
    call.reply.Send(std::move(answer));
    return;
  }
  const Result<LogKey> key = MakeLogKey(type, id);
  const auto num = DecimalParameter(call.query, "num");
  const auto sentinel = FlagParameter(call.query, "sentinel");
  const Result<CursorText> cursor = FindCursor(call, {"last_event_id"});
  for (const Error* error :
       {key ? nullptr : &key.error(), num ? nullptr : &num.error(),
        sentinel ? nullptr : &sentinel.error(), cursor ? nullptr : &cursor.error()}) {
    if (error == nullptr) continue;
    call.reply.Send(ProblemAnswer(*error));
    return;
  }
  if (AnsweredWithoutStream(call, cursor->behind_end)) return;
  SseStream::Options options;
  const bool sentinels = sentinel->value_or(call.worker.config().streams.portal_sentinel);
  options.dialect = sentinels ? Dialect::kPortalSentinel : Dialect::kPortalPlain;
  options.start = {.incarnation = cursor->incarnation, .position = cursor->position};
  if (!cursor->given) options.start.position = num->value_or(0);
  StartLogStream(call.reply, *key, call.identity, std::move(options));
}

void HandleListStream(Call& call) {
  if (AnsweredWithoutStream(call, false)) return;
  StreamOpening opening = OpenStream(call.exchange, Coding::kIdentity);
  call.exchange.StartStream(std::make_unique<ListStream>(
      call.exchange, call.worker.lists(), call.worker.gate().Watch(call.identity),
      std::move(opening), Greeting(call.worker)));
}

}  // namespace tailrace
