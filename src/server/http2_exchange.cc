#include "server/http2_exchange.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "http/response.h"
#include "server/http2_session.h"
#include "server/structured_log.h"
#include "server/worker.h"

namespace tailrace {

Reply Http2Exchange::MakeReply() const {
  return {worker_, session_.id(), static_cast<uint64_t>(stream_number_)};
}

ClientHop Http2Exchange::Hop() const {
  return session_.Hop();
}

// ------------------------------------------------------------------------------------------------
// The request

void Http2Exchange::Begin(RequestHead head, bool ended) {
  BeginRequest(std::move(head));
  body_ended_ = ended;
  request_->complete = ended;
}

void Http2Exchange::Refuse(HeadFault fault) {
  BeginRequest({});
  Send(ProblemAnswer(ProblemFrom(fault.status, std::move(fault.reason))));
}

void Http2Exchange::Dispatch() {
  worker_.Dispatch(*this);
  InviteBody();
  if (ActiveSink() == nullptr || !request_->complete) return;
  ActiveSink()->OnEnd();
  session_.CallOnPause(*this);
}

void Http2Exchange::InviteBody() {
  if (ActiveSink() == nullptr) return;
  if (head().expects_continue) session_.codec().SendContinue(stream_number_);
  if (request_->complete) return;
  SetDeadline(BodyAllowanceMs());
}

void Http2Exchange::OnLateDispatch() {
  InviteBody();
  HoldBody(false);
}

void Http2Exchange::OnBody(std::string_view bytes) {
  uncredited_ += static_cast<uint32_t>(bytes.size());
  BodySink* sink = ActiveSink();
  if (held_) {
    if (held_body_ == nullptr) held_body_ = std::make_unique<std::string>();
    held_body_->append(bytes);
    return;
  }
  if (sink != nullptr) {
    request_->body_pace.Add(bytes.size());
    SetDeadline(BodyAllowanceMs());
    sink->OnBody(bytes);
    session_.CallOnPause(*this);
  }
  GiveRoom();
}

// The client may send as much again as was used up.
void Http2Exchange::GiveRoom() {
  if (held_ || uncredited_ == 0) return;
  session_.codec().Consume(stream_number_, std::exchange(uncredited_, 0));
}

void Http2Exchange::OnBodyEnd() {
  body_ended_ = true;
  if (!held_) FinishBody();
}

void Http2Exchange::FinishBody() {
  if (request_ == nullptr || std::exchange(request_->complete, true)) return;
  if (BodySink* sink = ActiveSink()) {
    deadline_ms = 0;
    sink->OnEnd();
    session_.CallOnPause(*this);
  }
}

void Http2Exchange::OnPause() {
  if (BodySink* sink = ActiveSink()) sink->OnPause();
}

// The sink is the caller: what it gets next comes when the turn ends.
void Http2Exchange::HoldBody(bool hold) {
  if (hold && ActiveSink() == nullptr) request_->complete = false;  // its end is told late, too
  if (std::exchange(held_, hold) && !hold) session_.CallAtTurnEnd(*this);
}

void Http2Exchange::ResumeBody() {
  if (held_) return;
  if (request_ != nullptr) request_->body_pace.Begin(worker_.loop().NowMs());
  const std::unique_ptr<std::string> body = std::move(held_body_);
  BodySink* sink = ActiveSink();
  if (sink != nullptr && body != nullptr) sink->OnBody(*body);
  GiveRoom();
  if (body_ended_ && !held_) FinishBody();
  OnPause();
}

// ------------------------------------------------------------------------------------------------
// The answer

void Http2Exchange::SendHead(int status, const Headers& headers, std::optional<uint64_t> length,
                             bool end) {
  const std::string length_text = std::to_string(length.value_or(0));
  const std::array<HeaderField, 3> fields = {{{"date", worker_.date().Value()},
                                              {"x-request-id", request_->id},
                                              {"content-length", length_text}}};
  Http2ResponseHead head;
  head.status = status;
  head.headers = std::span(fields).first(length ? 3 : 2);
  head.more_headers = &headers;
  head.end = end;
  session_.codec().SendHead(stream_number_, head);
  session_.FlushSoon();
}

void Http2Exchange::Send(Answer answer) {
  if (!AwaitsAnswer()) return;
  request_->answered = true;
  AddCommonHeaders(answer.headers);
  held_ = false;
  held_body_.reset();
  GiveRoom();
  std::optional<uint64_t> length =
      answer.source ? answer.source_bytes : std::optional<uint64_t>(answer.body.size());
  if (ChooseFraming(request_->head, answer.status, length) == BodyFraming::kNone) length.reset();
  const bool has_body = SendsBody(request_->head, answer.status) &&
                        (answer.source != nullptr || !answer.body.empty());
  SendHead(answer.status, answer.headers, length, !has_body);
  LogAnswer(answer.status);
  SetDeadline(worker_.config().limits.write_timeout_ms);
  answer_ = std::make_unique<AnswerState>();
  answer_->pace.Begin(worker_.loop().NowMs());
  if (!has_body) return;
  answer_->body = std::move(answer.body);
  answer_->last = answer.source == nullptr;
  answer_->source = std::move(answer.source);
  answer_->pass = std::move(answer.pass);
  if (answer_->last) {
    session_.Wait(*this);
  } else {
    Pull(std::move(answer_->source));
  }
}

void Http2Exchange::WriteAnswer() {
  if (closed_ || answer_ == nullptr || answer_->sent == answer_->body.size()) return;
  const size_t left = answer_->body.size() - answer_->sent;
  const iovec part{answer_->body.data() + answer_->sent, left};
  const int64_t taken = session_.Write(*this, std::span(&part, 1), answer_->last);
  if (taken <= 0) return;  // a session that is broken ends by itself
  worker_.CountSent(static_cast<uint64_t>(taken));
  answer_->sent += static_cast<size_t>(taken);
  answer_->pace.Add(static_cast<uint64_t>(taken));
  SetDeadline(AnswerAllowanceMs(answer_->pace));
  if (answer_->sent < answer_->body.size()) return;
  answer_->body = {};
  answer_->sent = 0;
  if (!answer_->last) Pull(std::move(answer_->source));
}

void Http2Exchange::OnPulled(std::unique_ptr<BodySource> source, Result<std::string> piece) {
  if (closed_ || answer_ == nullptr) return;
  if (!piece) {
    LogLine(LogLevel::kWarn, "answer cut").Add("error", piece.error().message);
    Close();
    return;
  }
  answer_->source = std::move(source);
  answer_->pace.Begin(worker_.loop().NowMs());
  SetDeadline(worker_.config().limits.write_timeout_ms);
  if (piece->empty()) {
    session_.codec().End(stream_number_);
    session_.FlushSoon();
  } else {
    answer_->body = std::move(*piece);
    WriteAnswer();
  }
}

StreamOpening Http2Exchange::OpenStream(const Headers& headers) {
  CHECK(AwaitsAnswer());
  request_->answered = true;
  deadline_ms = 0;
  Headers all = headers;
  AddCommonHeaders(all);
  SendHead(200, all, std::nullopt, false);
  LogAnswer(200);
  return {};
}

void Http2Exchange::StartStream(std::unique_ptr<Stream> stream) {
  stream_ = std::move(stream);
  session_.CallAtTurnEnd(*this);
  if (std::exchange(counted_, false)) session_.OnLargeDone();
  stream_->OnWritable();
}

// Of a stream's request nothing is needed any more; its handler was the caller.
void Http2Exchange::OnTurnEnd() {
  if (stream_ != nullptr) {
    request_.reset();
  } else {
    ResumeBody();
  }
}

int64_t Http2Exchange::Write(std::span<const iovec> parts) {
  return closed_ ? -1 : session_.Write(*this, parts, false);
}

void Http2Exchange::OnTurn() {
  if (stream_ != nullptr) {
    stream_->OnTurn();
  } else {
    WriteAnswer();
  }
}

// ------------------------------------------------------------------------------------------------
// Time and the end

void Http2Exchange::SetDeadline(uint64_t delay_ms) {
  deadline_ms = worker_.loop().NowMs() + delay_ms;
  session_.WakeBy(deadline_ms);
}

void Http2Exchange::OnDeadline() {
  deadline_ms = 0;
  if (stream_ != nullptr) {
    stream_->OnDeadline();
  } else if (closed_ || answer_ != nullptr) {  // nobody takes it
    worker_.CountSlow(SlowIn::kAnswer);
    session_.codec().Reset(stream_number_, Http2Session::kCancel);
    closed_ = true;
  } else if (held_) {
    SetDeadline(worker_.config().limits.body_timeout_ms);
  } else if (ActiveSink() != nullptr) {
    worker_.CountSlow(SlowIn::kBody);
    StopSink(ProblemFrom(408, "the request did not come within the time limit"));
  }
}

void Http2Exchange::OnReadEnd() {
  if (stream_ != nullptr) stream_->OnReadEnd();
}

void Http2Exchange::Drain() {
  if (stream_ != nullptr) {
    stream_->Drain(worker_.DrawDrainRetryMs());
  } else if (!closed_) {
    StopSinkForDrain();
  }
}

void Http2Exchange::Close() {
  if (std::exchange(closed_, true)) return;
  session_.codec().Reset(stream_number_, Http2Session::kInternalError);
  session_.FlushSoon();
}

void Http2Exchange::CloseGently() {
  if (std::exchange(closed_, true)) return;
  stream_.reset();
  session_.codec().End(stream_number_);
  session_.FlushSoon();
  SetDeadline(worker_.config().limits.write_timeout_ms);
}

}  // namespace tailrace
