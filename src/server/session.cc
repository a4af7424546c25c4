#include "server/session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "server/structured_log.h"
#include "server/worker.h"

namespace tailrace {
namespace {

constexpr size_t kMaxHeldInput = 64 << 10;  // pipelined bytes behind an unanswered request
constexpr uint64_t kLingerMs = 2'000;       // for a client that still sends what we refused
constexpr uint64_t kLingerBytes = 64 << 20;
constexpr size_t kJoinBytes = 64 << 10;   // a larger body is not copied behind its head
constexpr uint64_t kDrainIdleMs = 1'000;  // for a request of a client that came during a drain
constexpr size_t kLoggedPathBytes = 256;
// What was armed stands in the worker's heap until it comes, also for a session that is gone.
constexpr uint64_t kLongestArmMs = 60'000;

}  // namespace

// ------------------------------------------------------------------------------------------------
// Reply

Session* Reply::Find() const {
  Session* session = worker_->FindSession(session_);
  // One that is closed stays until the turn ends.
  const bool waits =
      session != nullptr && session->request() == request_ && session->AwaitsAnswer();
  return waits ? session : nullptr;
}

void Reply::Send(Answer answer) const {
  if (Session* session = Find()) session->Send(std::move(answer));
}

void Reply::HoldBody(bool hold) const {
  if (Session* session = Find()) session->HoldBody(hold);
}

// ------------------------------------------------------------------------------------------------
// Reading requests

Session::Session(Worker& worker, SessionId id, int fd)
    : worker_(worker),
      connection_(worker.loop(), fd, *this),
      parser_(std::make_unique<Http1Parser>(&worker.http1_limits())),
      id_(id) {
  UpdateDeadline();
}

Session::~Session() = default;

bool Session::CanParse() const {
  const bool waits_for_answer = state_ != nullptr && state_->complete;
  return mode_ == Mode::kRequests && !held_ && !waits_for_answer && !close_after_ &&
         !parser_->Failed();
}

void Session::OnRead(std::string_view bytes) {
  if (mode_ == Mode::kLinger) {
    lingered_bytes_ += bytes.size();
    if (lingered_bytes_ > kLingerBytes) Close();
    return;
  }
  if (mode_ != Mode::kRequests) return;  // a stream's client has nothing more to say
  if (!input_.empty() || !CanParse()) {
    if (close_after_ && state_ == nullptr) return;
    input_.append(bytes);
    if (input_.size() > kMaxHeldInput) connection_.WantRead(false);
    return;
  }
  Parse(bytes);
}

// Parses, acts and answers, request after request, as far as the bytes and the answers go.
void Session::Parse(std::string_view bytes) {
  in_parse_ = true;
  do {
    ParseRequest(bytes);
    if (mode_ == Mode::kClosed) break;
    if (state_ != nullptr && state_->sink != nullptr && !state_->answered) state_->sink->OnPause();
    Flush();
  } while (!bytes.empty() && CanParse());
  in_parse_ = false;
  if (mode_ == Mode::kRequests && !bytes.empty()) input_.assign(bytes);
  UpdateDeadline();
  CloseIfOver();
}

void Session::ParseRequest(std::string_view& bytes) {
  in_parser_ = true;
  while (CanParse()) {
    bytes.remove_prefix(parser_->Consume(bytes, *this));
    if (bytes.empty()) break;
  }
  if (mode_ == Mode::kRequests && parser_->Failed()) {
    bytes = {};
    RefuseBadRequest();
  }
  in_parser_ = false;
}

void Session::ParseHeldInput() {
  if (in_parse_ || !CanParse()) return;
  connection_.WantRead(true);
  if (input_.empty()) return CloseIfOver();
  const std::string held = std::exchange(input_, {});
  Parse(held);
}

void Session::OnHead(RequestHead&& head) {
  BeginRequest(std::move(head));
  worker_.Dispatch(*this);
  const bool wants_body = state_ != nullptr && state_->sink != nullptr && !state_->answered;
  if (wants_body && state_->head.expects_continue && output_.empty()) {
    output_.append(kContinueResponse);
  }
}

void Session::OnBody(std::string_view bytes) {
  if (state_ == nullptr || state_->sink == nullptr || state_->answered) return;
  state_->sink->OnBody(bytes);
  if (held_) parser_->Pause();
}

void Session::OnComplete() {
  if (state_ == nullptr) return;
  state_->complete = true;
  if (state_->sink != nullptr && !state_->answered) state_->sink->OnEnd();
}

void Session::HoldBody(bool hold) {
  if (held_ == hold || mode_ != Mode::kRequests) return;
  held_ = hold;
  if (hold) {
    connection_.WantRead(false);
    if (in_parser_) parser_->Pause();
  } else if (!in_parse_) {
    connection_.WantRead(true);
    const std::string waiting = std::exchange(input_, {});
    Parse(waiting);  // even if empty: the parser may hold the end of the body
  }
}

void Session::RefuseBadRequest() {
  const Http1Error& error = parser_->error();
  if (state_ != nullptr && state_->answered) {  // its answer is on the way; this is the body's end
    close_after_ = true;
  } else if (state_ != nullptr && state_->sink != nullptr) {
    close_after_ = true;
    state_->sink->OnStop(ProblemFrom(error.status, error.reason));
  } else {
    RefuseRequest(error.status, error.reason);
  }
}

void Session::BeginRequest(RequestHead head) {
  ++request_;
  state_ = std::make_unique<RequestState>();  // whoever waited for the one before is gone
  state_->head = std::move(head);
  state_->id = worker_.NextRequestId();
  state_->started_ms = worker_.loop().NowMs();
}

// An answer to what never became a request.
void Session::RefuseRequest(int status, std::string reason) {
  BeginRequest({});
  state_->complete = true;
  Answer answer = ProblemAnswer(ProblemFrom(status, std::move(reason)));
  answer.close = true;
  Send(std::move(answer));
}

void Session::OnReadEnd() {
  if (mode_ == Mode::kStream) {
    stream_->OnReadEnd();
    return;
  }
  if (mode_ == Mode::kRequests) {
    CloseIfOver();
  } else {
    Close();
  }
}

// A client may close its half only, and read the answers to all that it sent before.
void Session::CloseIfOver() {
  if (mode_ != Mode::kRequests || !connection_.ReadEnded()) return;
  const bool waits_for_us = state_ != nullptr && (state_->complete || state_->answered || held_);
  if (!waits_for_us && !parser_->Failed()) Close();
}

// ------------------------------------------------------------------------------------------------
// Answering

void Session::Send(Answer answer) {
  if (!AwaitsAnswer()) return;
  state_->answered = true;
  const bool body_unread = !state_->complete && state_->head.HasBody();
  if (answer.close || !state_->head.keep_alive || body_unread || worker_.draining()) {
    close_after_ = true;
  }
  const std::optional<uint64_t> length =
      answer.source ? answer.source_bytes : std::optional<uint64_t>(answer.body.size());
  const BodyFraming framing = ChooseFraming(state_->head, answer.status, length);
  if (framing == BodyFraming::kUntilClose) close_after_ = true;
  AppendHead(answer, framing);
  answer_ = std::make_unique<AnswerState>();
  answer_->chunked = framing == BodyFraming::kChunked;
  answer_->last = true;
  if (SendsBody(state_->head, answer.status)) {
    if (answer.body.size() <= kJoinBytes) {
      output_.append(answer.body);
    } else {
      answer_->body = std::move(answer.body);
    }
    answer_->last = answer.source == nullptr;
    answer_->source = std::move(answer.source);
  }
  LogAnswer(answer.status);
  if (!in_parse_) Flush();
}

void Session::LogAnswer(int status) const {
  worker_.CountAnswer(status);
  LogLevel level = LogLevel::kDebug;
  if (status >= 400) level = LogLevel::kInfo;
  if (status >= 500) level = LogLevel::kWarn;
  LogLine(level, "request")
      .Add("request", state_->id)
      .Add("method", MethodName(state_->head.method))
      .Add("path", std::string_view(state_->head.path).substr(0, kLoggedPathBytes))
      .Add("status", static_cast<uint64_t>(status))
      .Add("ms", worker_.loop().NowMs() - state_->started_ms);
}

void Session::AppendHead(const Answer& answer, BodyFraming framing) {
  ResponseHead head;
  head.status = answer.status;
  head.framing = framing;
  head.content_length = answer.source ? answer.source_bytes.value_or(0) : answer.body.size();
  head.keep_alive = !close_after_;
  head.version_minor = state_->head.version_minor;
  head.date = worker_.date().Value();
  const HeaderField request_id{"X-Request-Id", state_->id};
  head.headers = std::span(&request_id, 1);
  head.more_headers = &answer.headers;
  AppendResponseHead(output_, head);
}

void Session::Flush() {
  if (mode_ != Mode::kRequests || connection_.Blocked() || !FlushOutput()) return;
  if (answer_ == nullptr) return;
  if (!answer_->body.empty()) {
    output_ = std::exchange(answer_->body, {});
    if (!FlushOutput()) return;
  }
  if (answer_->last) {
    FinishAnswer();
  } else {
    PullSource();
  }
}

// False: OnWritable will come, or the connection is broken.
bool Session::FlushOutput() {
  if (output_.empty()) return true;
  const int64_t sent = connection_.Write(std::string_view(output_).substr(output_sent_));
  if (sent < 0) {
    Close();
    return false;
  }
  worker_.CountSent(static_cast<uint64_t>(sent));
  output_sent_ += static_cast<uint64_t>(sent);
  if (output_sent_ < output_.size()) {
    UpdateDeadline();
    return false;
  }
  output_ = {};
  output_sent_ = 0;
  return true;
}

void Session::PullSource() {
  if (std::exchange(answer_->pulling, true)) return;
  auto source = std::make_shared<std::unique_ptr<BodySource>>(std::move(answer_->source));
  auto piece = std::make_shared<Result<std::string>>();
  worker_.loop().RunInPool([source, piece] { *piece = (*source)->Next(); },
                           [&worker = worker_, id = id_, request = request_, source, piece] {
                             Session* session = worker.FindSession(id);
                             if (session == nullptr || session->answer_ == nullptr) return;
                             session->answer_->source = std::move(*source);
                             session->OnPulled(request, std::move(*piece));
                           });
}

void Session::OnPulled(uint64_t request, Result<std::string> piece) {
  if (request != request_) return;
  answer_->pulling = false;
  if (!piece) {
    LogLine(LogLevel::kWarn, "answer cut").Add("error", piece.error().message);
    Close();
    return;
  }
  answer_->last = piece->empty();
  if (piece->empty()) {
    if (answer_->chunked) output_.append(kLastChunk);
  } else if (answer_->chunked) {
    AppendChunkHeader(output_, piece->size());
    output_.append(*piece).append(kChunkTail);
  } else {
    output_ = std::move(*piece);
  }
  Flush();
  UpdateDeadline();
}

void Session::FinishAnswer() {
  answer_.reset();
  if (close_after_) {
    CloseGently();
    return;
  }
  state_.reset();  // its body has been read, or the connection would end here
  held_ = false;
  UpdateDeadline();
  ParseHeldInput();
}

void Session::StartStream(std::unique_ptr<Stream> stream) {
  CHECK(AwaitsAnswer());
  mode_ = Mode::kStream;
  stream_ = std::move(stream);
  LogAnswer(200);
  // Nothing of the request is needed any more: ten thousand of these are idle for hours. The parser
  // may be the caller and goes at the end of the turn.
  worker_.AtTurnEnd([&worker = worker_, id = id_] {
    if (Session* session = worker.FindSession(id)) {
      session->state_.reset();
      session->parser_.reset();
      session->input_ = {};
    }
  });
  connection_.WantRead(true);  // only so can it be seen that the client goes
  stream_->OnWritable();
}

// ------------------------------------------------------------------------------------------------
// Time and the end

void Session::OnWritable() {
  if (mode_ == Mode::kStream) {
    stream_->OnWritable();
  } else {
    Flush();
    UpdateDeadline();
  }
}

void Session::SetDeadline(uint64_t delay_ms) {
  deadline_ms_ = worker_.loop().NowMs() + delay_ms;
  if (armed_ms_ != 0 && armed_ms_ <= deadline_ms_) return;
  armed_ms_ = std::min(deadline_ms_, worker_.loop().NowMs() + kLongestArmMs);
  worker_.AddDeadline(armed_ms_, id_);
}

void Session::UpdateDeadline() {
  if (mode_ != Mode::kRequests) return;
  const LimitConfig& limits = worker_.config().limits;
  if (!output_.empty() || answer_ != nullptr) {
    SetDeadline(limits.write_timeout_ms);
  } else if (parser_->InHead()) {
    if (!in_head_) SetDeadline(limits.header_timeout_ms);  // from its first byte, not its last
  } else if (state_ != nullptr) {
    SetDeadline(state_->head.chunked ? limits.chunked_body_timeout_ms : limits.body_timeout_ms);
  } else {
    SetDeadline(worker_.draining() ? std::min(kDrainIdleMs, limits.idle_timeout_ms)
                                   : limits.idle_timeout_ms);
  }
  in_head_ = parser_->InHead();
}

void Session::OnDeadlineDue(uint64_t due_ms) {
  if (due_ms != armed_ms_) return;  // replaced by an earlier one
  armed_ms_ = 0;
  if (mode_ == Mode::kClosed) return;
  const uint64_t now_ms = worker_.loop().NowMs();
  if (deadline_ms_ > now_ms) {
    SetDeadline(deadline_ms_ - now_ms);
  } else {
    OnDeadline();
  }
}

void Session::OnDeadline() {
  if (mode_ == Mode::kStream) {
    stream_->OnDeadline();
    return;
  }
  const bool waits_for_us = state_ != nullptr && !state_->answered && (state_->complete || held_);
  if (mode_ == Mode::kRequests && waits_for_us) {
    UpdateDeadline();
    return;
  }
  const bool in_request = mode_ == Mode::kRequests && answer_ == nullptr && output_.empty() &&
                          (state_ != nullptr || parser_->InHead());
  if (!in_request || (state_ != nullptr && state_->answered)) {
    Close();
    return;
  }
  const std::string reason = "the request did not come within the time limit";
  if (state_ != nullptr && state_->sink != nullptr) {
    SetDeadline(worker_.config().limits.write_timeout_ms);
    state_->sink->OnStop(ProblemFrom(408, reason));
  } else {
    RefuseRequest(408, reason);
  }
}

void Session::Drain() {
  if (mode_ == Mode::kStream) {
    stream_->Drain(worker_.DrawDrainRetryMs());
  } else if (mode_ == Mode::kRequests && state_ == nullptr && answer_ == nullptr) {
    if (!parser_->InHead()) Close();  // else the request is read and answered
  } else if (AwaitsAnswer() && state_->sink != nullptr) {
    state_->sink->OnStop(
        ProblemFrom({ErrorCode::kUnavailable, "the server is stopping; send the rest again"}));
  }
}

void Session::CloseGently() {
  if (connection_.ReadEnded()) {
    Close();
    return;
  }
  mode_ = Mode::kLinger;
  stream_.reset();
  connection_.ShutdownWrite();
  connection_.WantRead(true);
  SetDeadline(kLingerMs);
}

void Session::Close() {
  if (mode_ == Mode::kClosed) return;
  mode_ = Mode::kClosed;
  worker_.CloseAtTurnEnd(id_);
}

}  // namespace tailrace
