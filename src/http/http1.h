// Http1Parser: HTTP/1.0 and HTTP/1.1 requests, bytes in, events out, no socket (RFC 9112).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/chunked.h"
#include "http/request.h"

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

/// Told by Http1Parser::Consume, from inside of it. A handler must not destroy the parser and not
/// call Consume; it may call Pause.
class Http1Events {
 public:
  virtual ~Http1Events() = default;
  virtual void OnHead(RequestHead&& head) = 0;
  /// Never empty; without framing. The bytes are the caller's of Consume.
  virtual void OnBody(std::string_view bytes) = 0;
  /// Also after a head without body.
  virtual void OnComplete() = 0;
};

struct Http1Error {
  int status = 400;    ///< 400, 413, 414, 431, 501 or 505.
  std::string reason;  ///< For people.
  /// The client began with HTTP/2's preface. `PRI * HTTP/2.0` and the blank line are consumed.
  bool http2_preface = false;
  /// Three words of which neither the first is a method nor the last one begins like a version:
  /// some other protocol.
  bool not_http = false;
};

/// One connection's parser. Strict: whatever two programs could understand differently is an error
/// (bare CR or LF, folded lines, two lengths, other transfer codings, …).
/// No heap while no request is under way, nor while a body is.
class Http1Parser {
 public:
  /// `limits` outlives the parser.
  explicit Http1Parser(const Http1Limits* limits) : limits_(limits) {}

  /// Takes bytes off the front of what the connection has read; returns how many. It takes all
  /// unless it stopped: behind a whole request (after OnComplete; call it with the rest when that
  /// was answered), at Pause, or because it Failed. Call it with the rest, even if that is
  /// empty, to go on after a Pause.
  size_t Consume(std::string_view bytes, Http1Events& events);

  /// From inside an event: Consume returns behind what it has told.
  void Pause() { paused_ = true; }

  /// Nothing is parsed any more; the connection must be closed after an answer.
  bool Failed() const { return error_ != nullptr; }
  /// Only if Failed().
  const Http1Error& error() const { return *error_; }

  /// Some of a head has come, but not all of it.
  bool InHead() const { return phase_ == Phase::kHead; }
  /// The head has been told, OnComplete has not.
  bool InBody() const { return phase_ == Phase::kLengthBody || phase_ == Phase::kChunkedBody; }
  /// The connection may be closed without cutting a request.
  bool Idle() const { return phase_ == Phase::kIdle && !Failed(); }

 private:
  enum class Phase : uint8_t { kIdle, kHead, kLengthBody, kChunkedBody };
  enum class LineState : uint8_t { kStart, kText, kCr, kBlankCr };

  size_t ConsumeIdle(std::string_view bytes);
  size_t ConsumeHead(std::string_view bytes, Http1Events& events);
  size_t ConsumeLengthBody(std::string_view bytes, Http1Events& events);
  size_t ConsumeChunkedBody(std::string_view bytes, Http1Events& events);
  void AcceptHeadByte(char byte, bool& head_done);
  void FinishHead(Http1Events& events);
  void Complete(Http1Events& events);
  void Fail(int status, std::string reason);
  void Fail(Http1Error error);

  const Http1Limits* limits_;
  std::string head_;  // bytes of the head so far
  std::unique_ptr<Http1Error> error_;
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
