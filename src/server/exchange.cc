#include "server/exchange.h"

#include "server/structured_log.h"
#include "server/worker.h"

namespace tailrace {
namespace {

constexpr size_t kLoggedPathBytes = 256;

}  // namespace

// One that is closed is there until the turn ends.
Exchange* Reply::FindAny() const {
  Session* session = worker_->FindSession(session_);
  return session != nullptr ? session->FindExchange(request_) : nullptr;
}

Exchange* Reply::Find() const {
  Exchange* exchange = FindAny();
  return exchange != nullptr && exchange->AwaitsAnswer() ? exchange : nullptr;
}

void Reply::Send(Answer answer) const {
  if (Exchange* exchange = Find()) exchange->Send(std::move(answer));
}

void Reply::HoldBody(bool hold) const {
  if (Exchange* exchange = Find()) exchange->HoldBody(hold);
}

Exchange::~Exchange() = default;

void Exchange::BeginRequest(RequestHead head) {
  request_ = std::make_unique<Request>();  // whoever waited for the one before is gone
  request_->head = std::move(head);
  request_->id = worker_.NextRequestId();
  request_->started_ms = worker_.loop().NowMs();
  request_->body_pace.Begin(request_->started_ms);
}

// A chunked body may be the output of a job that has nothing to say for hours.
uint64_t Exchange::BodyAllowanceMs() const {
  const LimitConfig& limits = worker_.config().limits;
  if (request_->head.chunked) return limits.chunked_body_timeout_ms;
  return request_->body_pace.AllowanceMs(worker_.loop().NowMs(), limits.body_timeout_ms,
                                         limits.least_rate_bytes);
}

uint64_t Exchange::AnswerAllowanceMs(const Pace& pace) const {
  const LimitConfig& limits = worker_.config().limits;
  return pace.AllowanceMs(worker_.loop().NowMs(), limits.write_timeout_ms, limits.least_rate_bytes);
}

const ClientOrigin& Exchange::origin() const {
  if (request_->origin == nullptr) {
    request_->origin = std::make_unique<ClientOrigin>(
        FindClientOrigin(Hop(), request_->head, worker_.shared().origin_rules));
  }
  return *request_->origin;
}

void Exchange::LogAnswer(int status) const {
  worker_.CountAnswer(status);
  LogLevel level = LogLevel::kDebug;
  if (status >= 400) level = LogLevel::kInfo;
  if (status >= 500) level = LogLevel::kWarn;
  LogLine line(level, "request");
  if (!line.On()) return;
  line.Add("request", request_->id)
      .Add("method", MethodName(request_->head.method))
      .Add("path", std::string_view(request_->head.path).substr(0, kLoggedPathBytes))
      .Add("client", origin().address)
      .Add("status", static_cast<uint64_t>(status))
      .Add("ms", worker_.loop().NowMs() - request_->started_ms);
}

// nosniff: Fetch Standard §3.6. The resource policy keeps other sites from loading an answer where
// they need not ask for it (§3.7); with CORS they may.
void Exchange::AddCommonHeaders(Headers& headers) const {
  const CorsPolicy& cors = worker_.shared().cors;
  const RequestHead& head = request_->head;
  if (!headers.Has("X-Content-Type-Options")) headers.Add("X-Content-Type-Options", "nosniff");
  if (!headers.Has("Cross-Origin-Resource-Policy")) {
    headers.Add("Cross-Origin-Resource-Policy", "same-origin");
  }
  cors.AddTo(head, headers);
  const auto allow = headers.Find("Allow");
  if (head.method == Method::kOptions && allow) {
    cors.AddPreflightTo(head, std::string(*allow), headers);
  }
}

void Exchange::StopSink(const Problem& problem) {
  BodySink* sink = ActiveSink();
  if (sink == nullptr) return;
  request_->stopped = true;
  sink->OnStop(problem);
}

void Exchange::StopSinkForDrain() {
  StopSink(ProblemFrom({ErrorCode::kUnavailable, "the server is stopping; send the rest again"}));
}

// Of an answer the client has to see that it is cut: what it asks next is answered by its status.
void Exchange::Recheck() {
  if (stream_ != nullptr) {
    stream_->Recheck();
  } else if (const AnswerPass* pass = Pass(); pass != nullptr && !pass->Holds()) {
    Close();
  }
}

void Exchange::Pull(std::unique_ptr<BodySource> source) {
  struct Pulled {
    std::unique_ptr<BodySource> source;
    Result<std::string> piece;
  };
  auto pulled = std::make_shared<Pulled>(std::move(source));
  worker_.loop().RunInPool([pulled] { pulled->piece = pulled->source->Next(); },
                           [reply = MakeReply(), pulled] {
                             Exchange* exchange = reply.FindAny();
                             if (exchange == nullptr) return;
                             exchange->OnPulled(std::move(pulled->source),
                                                std::move(pulled->piece));
                           });
}

}  // namespace tailrace
