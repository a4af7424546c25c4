// Http1Parser: HTTP/1.0 and HTTP/1.1 requests, bytes in, events out, no socket (RFC 9112).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/chunked.h"
#include "http/request_parser.h"

namespace tailrace {

struct Http1Limits {
  size_t head_bytes = 16 << 10;        ///< Request line and header block (431).
  size_t target_bytes = 8 << 10;       ///< 414.
  size_t header_count = 100;           ///< 431.
  uint64_t content_length = 64 << 20;  ///< Of a body that says its length (413).
  ChunkedLimits chunked;               ///< A chunked body's size is its reader's business.
};

/// What HTTP/2 begins with looks like a request up to its blank line (RFC 9113 §3.4).
inline constexpr std::string_view kHttp2PrefaceLine = "PRI * HTTP/2.0\r\n\r\n";

/// One connection's parser. Strict: whatever two programs could understand differently is an error
/// (bare CR or LF, folded lines, two lengths, other transfer codings, …).
/// No heap while no request is under way, nor while a body is.
class Http1Parser final : public RequestParser {
 public:
  /// `limits` outlives the parser.
  explicit Http1Parser(const Http1Limits* limits) : limits_(limits) {}

  size_t Consume(std::string_view bytes, RequestEvents& events) override;
  void Pause() override { paused_ = true; }
  bool Failed() const override { return error_ != nullptr; }
  const RequestError& error() const override { return *error_; }
  bool InHead() const override { return phase_ == Phase::kHead; }
  /// The head has been told, OnComplete has not.
  bool InBody() const { return phase_ == Phase::kLengthBody || phase_ == Phase::kChunkedBody; }
  /// The connection may be closed without cutting a request.
  bool Idle() const { return phase_ == Phase::kIdle && !Failed(); }

 private:
  enum class Phase : uint8_t { kIdle, kHead, kLengthBody, kChunkedBody };
  enum class LineState : uint8_t { kStart, kText, kCr, kBlankCr };

  size_t ConsumeIdle(std::string_view bytes);
  size_t ConsumeHead(std::string_view bytes, RequestEvents& events);
  size_t ConsumeLengthBody(std::string_view bytes, RequestEvents& events);
  size_t ConsumeChunkedBody(std::string_view bytes, RequestEvents& events);
  void AcceptHeadByte(char byte, bool& head_done);
  void FinishHead(RequestEvents& events);
  void Complete(RequestEvents& events);
  void Fail(int status, std::string reason);
  void Fail(RequestError error);

  const Http1Limits* limits_;
  std::string head_;  // bytes of the head so far
  std::unique_ptr<RequestError> error_;
  uint64_t body_left_ = 0;  // kLengthBody
  ChunkedDecoder chunked_;  // kChunkedBody
  Phase phase_ = Phase::kIdle;
  LineState line_ = LineState::kStart;
  bool first_line_ = true;   // the request line is under way
  uint8_t blank_lines_ = 0;  // before the request line
  bool paused_ = false;
  bool completed_ = false;  // in this Consume
};

}  // namespace tailrace
