#include "http/http1.h"

#include <algorithm>

#include "http/head_parser.h"

namespace tailrace {
namespace {

// Method, blanks, version and CRLF around a target of the greatest length.
constexpr size_t kRequestLineOverhead = 32;
// A client may send one CRLF too much behind a body (RFC 9112 §2.2).
constexpr uint8_t kMaxBlankLines = 1;

}  // namespace

size_t Http1Parser::Consume(std::string_view bytes, RequestEvents& events) {
  size_t consumed = 0;
  paused_ = false;
  completed_ = false;
  while (!Failed() && !paused_ && !completed_) {
    const std::string_view rest = bytes.substr(consumed);
    const bool body_is_over = phase_ == Phase::kLengthBody && body_left_ == 0;
    if (rest.empty() && !body_is_over) break;
    switch (phase_) {
      case Phase::kIdle:
        consumed += ConsumeIdle(rest);
        break;
      case Phase::kHead:
        consumed += ConsumeHead(rest, events);
        break;
      case Phase::kLengthBody:
        consumed += ConsumeLengthBody(rest, events);
        break;
      case Phase::kChunkedBody:
        consumed += ConsumeChunkedBody(rest, events);
        break;
    }
  }
  return consumed;
}

size_t Http1Parser::ConsumeIdle(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool after_cr = line_ == LineState::kCr;
    if (after_cr != (bytes[i] == '\n')) {
      Fail(400, "CR and LF are not paired before the request");
      return i + 1;
    }
    if (after_cr) {
      line_ = LineState::kStart;
    } else if (bytes[i] != '\r') {
      phase_ = Phase::kHead;
      first_line_ = true;
      return i;
    } else if (++blank_lines_ > kMaxBlankLines) {
      Fail(400, "blank lines before the request");
      return i + 1;
    } else {
      line_ = LineState::kCr;
    }
  }
  return bytes.size();
}

size_t Http1Parser::ConsumeHead(std::string_view bytes, RequestEvents& events) {
  bool head_done = false;
  size_t taken = 0;
  while (taken < bytes.size() && !head_done) {
    const size_t size = head_.size() + taken + 1;
    if (first_line_ && size > limits_->target_bytes + kRequestLineOverhead) {
      Fail(414, "the target is longer than " + std::to_string(limits_->target_bytes) + " bytes");
    } else if (size > limits_->head_bytes) {
      Fail(431, "the head is longer than " + std::to_string(limits_->head_bytes) + " bytes");
    } else {
      AcceptHeadByte(bytes[taken], head_done);
    }
    ++taken;
    if (Failed()) return taken;
  }
  head_.append(bytes.substr(0, taken));
  if (head_done) FinishHead(events);
  return taken;
}

// The grammar of lines, before anything else looks at them: what is refused here cannot be
// understood in two ways (RFC 9112 §2.2, §5.2).
void Http1Parser::AcceptHeadByte(char byte, bool& head_done) {
  const auto code = static_cast<unsigned char>(byte);
  if (line_ == LineState::kCr || line_ == LineState::kBlankCr) {
    if (byte != '\n') return Fail(400, "a CR without LF in the head");
    head_done = line_ == LineState::kBlankCr;
    line_ = LineState::kStart;
    first_line_ = false;
    return;
  }
  if (byte == '\n') return Fail(400, "a LF without CR in the head");
  if (byte == '\r') {
    line_ = line_ == LineState::kStart ? LineState::kBlankCr : LineState::kCr;
    return;
  }
  if ((code < 0x20 && byte != '\t') || code == 0x7f) {
    return Fail(400, "a control character in the head");
  }
  if (first_line_ && (byte == '\t' || code >= 0x80)) {
    return Fail(400, "the request line has more than visible ASCII");
  }
  if (line_ == LineState::kStart && (byte == ' ' || byte == '\t')) {
    return Fail(400, "a line of the head begins with a blank");
  }
  line_ = LineState::kText;
  return;
}

void Http1Parser::FinishHead(RequestEvents& events) {
  RequestHead head;
  RequestError error;
  const bool good = HeadParser::Parse(std::move(head_), *limits_, head, error);
  head_ = std::string();
  if (!good) {
    Fail(std::move(error));
    return;
  }
  body_left_ = head.content_length.value_or(0);
  chunked_ = ChunkedDecoder();
  phase_ = head.chunked ? Phase::kChunkedBody : Phase::kLengthBody;
  events.OnHead(std::move(head));
}

size_t Http1Parser::ConsumeLengthBody(std::string_view bytes, RequestEvents& events) {
  if (body_left_ == 0) {
    Complete(events);
    return 0;
  }
  const std::string_view part = bytes.substr(0, std::min<uint64_t>(body_left_, bytes.size()));
  body_left_ -= part.size();
  events.OnBody(part);
  return part.size();
}

size_t Http1Parser::ConsumeChunkedBody(std::string_view bytes, RequestEvents& events) {
  std::string_view rest = bytes;
  std::string_view data;
  switch (chunked_.Next(rest, data, limits_->chunked)) {
    case ChunkedDecoder::Status::kMore:
      break;
    case ChunkedDecoder::Status::kData:
      events.OnBody(data);
      break;
    case ChunkedDecoder::Status::kDone:
      Complete(events);
      break;
    case ChunkedDecoder::Status::kBad:
      Fail(400, chunked_.Reason());
      break;
    case ChunkedDecoder::Status::kTooLarge:
      Fail(431, chunked_.Reason());
      break;
  }
  return bytes.size() - rest.size();
}

void Http1Parser::Complete(RequestEvents& events) {
  phase_ = Phase::kIdle;
  line_ = LineState::kStart;
  blank_lines_ = 0;
  completed_ = true;
  events.OnComplete();
}

void Http1Parser::Fail(int status, std::string reason) {
  Fail(RequestError{.status = status, .reason = std::move(reason)});
}

void Http1Parser::Fail(RequestError error) {
  error_ = std::make_unique<RequestError>(std::move(error));
  head_ = std::string();
  phase_ = Phase::kIdle;
}

}  // namespace tailrace
