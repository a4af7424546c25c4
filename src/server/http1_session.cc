#include "server/http1_session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/http1.h"
#include "server/http2_session.h"
#include "server/structured_log.h"
#include "server/worker.h"

namespace tailrace {
namespace {

constexpr size_t kMaxHeldInput = 64 << 10;  // pipelined bytes behind an unanswered request
constexpr uint64_t kLingerMs = 2'000;       // for a client that still sends what we refused
constexpr size_t kJoinBytes = 64 << 10;     // a larger body is not copied behind its head
constexpr uint64_t kDrainIdleMs = 1'000;    // for a request of a client that came during a drain

}  // namespace

// ------------------------------------------------------------------------------------------------
// Reading requests

Http1Session::Http1Session(Worker& worker, SessionId id, int fd, TlsContext* tls,
                           std::unique_ptr<ClientHop> hop)
    : Http1Session(worker, id, fd, tls, std::move(hop),
                   std::make_unique<Http1Parser>(&worker.http1_limits())) {}

Http1Session::Http1Session(Worker& worker, SessionId id, int fd, TlsContext* tls,
                           std::unique_ptr<ClientHop> hop, std::unique_ptr<RequestParser> parser)
    : Session(id),
      Exchange(worker),
      connection_(worker.loop(), fd, *this, tls),
      hop_(std::move(hop)),
      parser_(std::move(parser)) {
  UpdateDeadline();
}

Http1Session::~Http1Session() = default;

bool Http1Session::CanParse() const {
  const bool waits_for_answer = request_ != nullptr && request_->complete;
  return mode_ == Mode::kRequests && !held_ && !waits_turn_ && !waits_for_answer && !close_after_ &&
         !parser_->Failed();
}

void Http1Session::OnRead(std::string_view bytes) {
  if (mode_ == Mode::kHttp2) input_.append(bytes);
  if (mode_ != Mode::kRequests) return;  // nothing that it says changes anything now
  const bool first = request_number_ == 0 && !waits_turn_ && !parser_->InHead();
  if (first && !worker_.TakeOpening(id_)) waits_turn_ = true;
  if (!input_.empty() || !CanParse()) {
    if (close_after_ && request_ == nullptr) return;
    input_.append(bytes);
    if (input_.size() > kMaxHeldInput) connection_.WantRead(false);
    return;
  }
  Parse(bytes);
}

// Parses, acts and answers, request after request, as far as the bytes and the answers go.
void Http1Session::Parse(std::string_view bytes) {
  in_parse_ = true;
  do {
    ParseRequest(bytes);
    if (mode_ == Mode::kClosed) break;
    if (BodySink* sink = ActiveSink()) sink->OnPause();
    Flush();
  } while (!bytes.empty() && CanParse());
  in_parse_ = false;
  if (mode_ == Mode::kRequests && !bytes.empty()) input_.assign(bytes);
  UpdateDeadline();
  CloseIfOver();
}

void Http1Session::ParseRequest(std::string_view& bytes) {
  in_parser_ = true;
  while (CanParse()) {
    bytes.remove_prefix(parser_->Consume(bytes, *this));
    if (bytes.empty()) break;
  }
  if (mode_ == Mode::kRequests && parser_->Failed()) {
    const std::string_view rest = std::exchange(bytes, {});
    if (parser_->error().http2_preface && request_number_ == 0 && MaySpeakHttp2()) {
      BeginHttp2(rest);
    } else if (parser_->error().not_http && request_number_ == 0) {
      Close();  // nothing that we could say would be understood
    } else {
      RefuseBadRequest();
    }
  }
  in_parser_ = false;
}

void Http1Session::ParseHeldInput() {
  if (in_parse_ || !CanParse()) return;
  connection_.WantRead(true);
  if (input_.empty()) return CloseIfOver();
  const std::string held = std::exchange(input_, {});
  Parse(held);
}

// Under TLS a client says by ALPN which protocol will follow (RFC 9113 §3.2).
bool Http1Session::MaySpeakHttp2() const {
  return !connection_.ClearTextInstead() && connection_.Protocol() != "http/1.1";
}

// The client speaks HTTP/2, by ALPN or by prior knowledge (RFC 9113 §3.2, §3.3). The connection is
// handed on when it is not the caller any more.
void Http1Session::BeginHttp2(std::string_view rest) {
  mode_ = Mode::kHttp2;
  input_.assign(kHttp2PrefaceLine).append(rest);
  connection_.WantRead(false);
  worker_.CallAtTurnEnd(id_);
}

void Http1Session::OnHead(RequestHead&& request) {
  BeginRequest(std::move(request));
  if (connection_.ClearTextInstead()) return RefuseClearText();
  if (connection_.Protocol() == "h2") return Close();  // and this is no preface (RFC 9113 §3.4)
  worker_.Dispatch(*this);
  InviteBody();
}

void Http1Session::InviteBody() {
  if (ActiveSink() != nullptr && head().expects_continue && output_.empty()) {
    output_.append(kContinueResponse);
  }
}

void Http1Session::OnLateDispatch() {
  InviteBody();
  Flush();
  HoldBody(false);
}

void Http1Session::OnBody(std::string_view bytes) {
  BodySink* sink = ActiveSink();
  if (sink == nullptr) return;
  request_->body_pace.Add(bytes.size());
  sink->OnBody(bytes);
  if (held_) parser_->Pause();
}

void Http1Session::OnComplete() {
  if (request_ == nullptr) return;
  request_->complete = true;
  if (BodySink* sink = ActiveSink()) sink->OnEnd();
}

void Http1Session::HoldBody(bool hold) {
  if (held_ == hold || mode_ != Mode::kRequests) return;
  held_ = hold;
  if (!hold && request_ != nullptr) request_->body_pace.Begin(worker_.loop().NowMs());
  if (hold) {
    connection_.WantRead(false);
    if (in_parser_) parser_->Pause();
  } else if (!in_parse_) {
    connection_.WantRead(true);
    const std::string waiting = std::exchange(input_, {});
    Parse(waiting);  // even if empty: the parser may hold the end of the body
  }
}

void Http1Session::RefuseBadRequest() {
  const RequestError& error = parser_->error();
  if (request_ != nullptr &&
      request_->answered) {  // its answer is on the way; this is the body's end
    close_after_ = true;
  } else if (request_ != nullptr && request_->sink != nullptr) {
    close_after_ = true;
    StopSink(ProblemFrom(error.status, error.reason));
  } else {
    RefuseRequest(error.status, error.reason);
  }
}

void Http1Session::BeginRequest(RequestHead head) {
  ++request_number_;
  Exchange::BeginRequest(std::move(head));
}

// An answer to what never became a request.
void Http1Session::RefuseRequest(int status, std::string reason) {
  BeginRequest({});
  request_->complete = true;
  Answer answer = ProblemAnswer(ProblemFrom(status, std::move(reason)));
  answer.close = true;
  Send(std::move(answer));
}

void Http1Session::RefuseClearText() {
  Answer answer = ProblemAnswer(
      ProblemFrom(400, "this port speaks TLS: the address must begin with https:// here"));
  answer.close = true;
  Send(std::move(answer));
}

void Http1Session::OnReadEnd() {
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
void Http1Session::CloseIfOver() {
  if (mode_ != Mode::kRequests || waits_turn_ || !connection_.ReadEnded()) return;
  const bool is_answered = request_ != nullptr && request_->answered;
  if (!WaitsForUs() && !is_answered && !parser_->Failed()) Close();
}

// ------------------------------------------------------------------------------------------------
// Answering

void Http1Session::Send(Answer answer) {
  if (!AwaitsAnswer()) return;
  request_->answered = true;
  AddCommonHeaders(answer.headers);
  const bool body_unread = !request_->complete && request_->head.HasBody();
  if (answer.close || !request_->head.keep_alive || body_unread || worker_.draining()) {
    close_after_ = true;
  }
  const std::optional<uint64_t> length =
      answer.source ? answer.source_bytes : std::optional<uint64_t>(answer.body.size());
  const BodyFraming framing = ChooseFraming(request_->head, answer.status, length);
  if (framing == BodyFraming::kUntilClose) close_after_ = true;
  ResponseHead head;
  head.status = answer.status;
  head.framing = framing;
  head.content_length = length.value_or(0);
  head.keep_alive = !close_after_;
  head.more_headers = &answer.headers;
  AppendHead(output_, head);
  answer_ = std::make_unique<AnswerState>();
  answer_->pace.Begin(worker_.loop().NowMs());
  answer_->chunked = framing == BodyFraming::kChunked;
  answer_->last = true;
  if (SendsBody(request_->head, answer.status)) {
    if (answer.body.size() <= kJoinBytes) {
      output_.append(answer.body);
    } else {
      answer_->body = std::move(answer.body);
    }
    answer_->last = answer.source == nullptr;
    answer_->source = std::move(answer.source);
    answer_->pass = std::move(answer.pass);
  }
  LogAnswer(answer.status);
  if (!in_parse_) Flush();
}

void Http1Session::AppendHead(std::string& out, ResponseHead head) const {
  head.version_minor = request_->head.version_minor;
  head.date = worker_.date().Value();
  const HeaderField request_id{"X-Request-Id", request_->id};
  head.headers = std::span(&request_id, 1);
  AppendResponseHead(out, head);
}

void Http1Session::Flush() {
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
bool Http1Session::FlushOutput() {
  if (output_.empty()) return true;
  const int64_t sent = connection_.Write(std::string_view(output_).substr(output_sent_));
  if (sent < 0) {
    Close();
    return false;
  }
  worker_.CountSent(static_cast<uint64_t>(sent));
  output_sent_ += static_cast<uint64_t>(sent);
  if (answer_ != nullptr) answer_->pace.Add(static_cast<uint64_t>(sent));
  if (output_sent_ < output_.size()) {
    UpdateDeadline();
    return false;
  }
  output_ = {};
  output_sent_ = 0;
  return true;
}

void Http1Session::PullSource() {
  if (!std::exchange(answer_->pulling, true)) Pull(std::move(answer_->source));
}

void Http1Session::OnPulled(std::unique_ptr<BodySource> source, Result<std::string> piece) {
  if (answer_ == nullptr) return;
  answer_->source = std::move(source);
  answer_->pulling = false;
  answer_->pace.Begin(worker_.loop().NowMs());
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

void Http1Session::FinishAnswer() {
  answer_.reset();
  if (close_after_) {
    CloseGently();
    return;
  }
  request_.reset();  // its body has been read, or the connection would end here
  held_ = false;
  UpdateDeadline();
  ParseHeldInput();
}

StreamOpening Http1Session::OpenStream(const Headers& headers) {
  CHECK(AwaitsAnswer());
  request_->answered = true;
  LogAnswer(200);
  Headers all = headers;
  AddCommonHeaders(all);
  StreamOpening opening;
  opening.chunked = head().version_minor >= 1;
  ResponseHead head;
  head.framing = opening.chunked ? BodyFraming::kChunked : BodyFraming::kUntilClose;
  head.keep_alive = false;
  head.more_headers = &all;
  AppendHead(opening.head, head);
  return opening;
}

void Http1Session::StartStream(std::unique_ptr<Stream> stream) {
  CHECK(mode_ == Mode::kRequests && request_->answered);
  mode_ = Mode::kStream;
  stream_ = std::move(stream);
  worker_.CallAtTurnEnd(id_);
  connection_.WantRead(true);  // only so can it be seen that the client goes
  stream_->OnWritable();
}

// Nothing of a stream's request is needed any more: ten thousand of these are idle for hours. The
// parser may have been the caller of StartStream.
std::unique_ptr<Session> Http1Session::OnTurnEnd() {
  if (std::exchange(waits_turn_, false)) {
    ParseHeldInput();
    return nullptr;
  }
  if (mode_ == Mode::kHttp2) {
    return std::make_unique<Http2Session>(worker_, id_, std::move(connection_), std::move(hop_),
                                          std::move(input_));
  }
  if (mode_ == Mode::kStream) {
    request_.reset();
    parser_.reset();
    input_ = {};
  }
  return nullptr;
}

void Http1Session::RecheckStreams() {
  Recheck();
}

void Http1Session::AddTo(WorkerStats& stats) const {
  AddStream(stats, stats.http1_connections, stats.http1_event_streams);
}

void Http1Session::AddStream(WorkerStats& stats, uint64_t& connections,
                             uint64_t& event_streams) const {
  ++connections;
  if (stream_ == nullptr) return;
  ++event_streams;
  stats.viewer_lag_entries += LagEntries();
}

// ------------------------------------------------------------------------------------------------
// Time and the end

void Http1Session::OnWritable() {
  if (mode_ == Mode::kStream) {
    stream_->OnWritable();
  } else {
    Flush();
    UpdateDeadline();
  }
}

bool Http1Session::WaitsForUs() const {
  return request_ != nullptr && !request_->answered &&
         (request_->complete || request_->stopped || held_);
}

void Http1Session::UpdateDeadline() {
  if (mode_ != Mode::kRequests) return;
  const LimitConfig& limits = worker_.config().limits;
  if (connection_.Handshaking()) {
    SetDeadline(limits.tls_handshake_timeout_ms);
  } else if (answer_ != nullptr) {
    SetDeadline(AnswerAllowanceMs(answer_->pace));
  } else if (!output_.empty()) {
    SetDeadline(limits.write_timeout_ms);
  } else if (parser_->InHead()) {
    if (!in_head_) SetDeadline(limits.header_timeout_ms);  // from its first byte, not its last
  } else if (request_ != nullptr) {
    SetDeadline(WaitsForUs() ? limits.body_timeout_ms : BodyAllowanceMs());
  } else {
    SetDeadline(worker_.draining() ? std::min(kDrainIdleMs, limits.idle_timeout_ms)
                                   : limits.idle_timeout_ms);
  }
  in_head_ = parser_->InHead();
}

void Http1Session::OnDeadline() {
  if (mode_ == Mode::kClosed) return;
  if (connection_.Handshaking()) {
    connection_.GiveUpHandshake();
    Close();
    return;
  }
  if (mode_ == Mode::kStream) {
    stream_->OnDeadline();
    return;
  }
  if (mode_ == Mode::kRequests && WaitsForUs()) {
    UpdateDeadline();
    return;
  }
  const bool in_request = mode_ == Mode::kRequests && answer_ == nullptr && output_.empty() &&
                          (request_ != nullptr || parser_->InHead());
  if (!in_request || (request_ != nullptr && request_->answered)) {
    if (answer_ != nullptr) worker_.CountSlow(SlowIn::kAnswer);
    Close();
    return;
  }
  worker_.CountSlow(request_ == nullptr ? SlowIn::kHead : SlowIn::kBody);
  const std::string reason = "the request did not come within the time limit";
  if (request_ != nullptr && request_->sink != nullptr) {
    StopSink(ProblemFrom(408, reason));
    UpdateDeadline();
  } else {
    RefuseRequest(408, reason);
  }
}

void Http1Session::Drain() {
  if (mode_ == Mode::kStream) {
    stream_->Drain(worker_.DrawDrainRetryMs());
  } else if (mode_ == Mode::kRequests && request_ == nullptr && answer_ == nullptr) {
    if (!parser_->InHead() && !waits_turn_) Close();  // else the request is read and answered
  } else if (mode_ == Mode::kRequests) {
    StopSinkForDrain();
  }
}

void Http1Session::CloseGently() {
  if (connection_.ReadEnded()) {
    Close();
    return;
  }
  mode_ = Mode::kLinger;
  stream_.reset();
  connection_.ShutdownWrite();
  connection_.WantRead(true);
  // What TLS still holds has to be read by the client first; in clear text the kernel holds it.
  SetDeadline(connection_.Holds() ? worker_.config().limits.write_timeout_ms : kLingerMs);
}

void Http1Session::Close() {
  if (mode_ == Mode::kClosed) return;
  mode_ = Mode::kClosed;
  worker_.CloseAtTurnEnd(id_);
}

}  // namespace tailrace
