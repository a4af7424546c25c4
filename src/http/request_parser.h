// RequestParser: a connection's bytes in, its requests out, one after the other. No socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/request.h"

namespace tailrace {

/// Told by RequestParser::Consume, from inside of it. A handler must not destroy the parser and not
/// call Consume; it may call Pause.
class RequestEvents {
 public:
  virtual ~RequestEvents() = default;
  virtual void OnHead(RequestHead&& head) = 0;
  /// Never empty; without framing. The bytes are the caller's of Consume.
  virtual void OnBody(std::string_view bytes) = 0;
  /// Also after a head without body.
  virtual void OnComplete() = 0;
};

struct RequestError {
  int status = 400;    ///< 400, 413, 414, 431, 501 or 505.
  std::string reason;  ///< For people.
  /// The client began with HTTP/2's preface. `PRI * HTTP/2.0` and the blank line are consumed.
  bool http2_preface = false;
  /// Three words of which neither the first is a method nor the last one begins like a version:
  /// some other protocol.
  bool not_http = false;
};

class RequestParser {
 public:
  virtual ~RequestParser() = default;

  /// Takes bytes off the front of what the connection has read; returns how many. It takes all
  /// unless it stopped: behind a whole request (after OnComplete; call it with the rest when that
  /// was answered), at Pause, or because it Failed. Call it with the rest, even if that is
  /// empty, to go on after a Pause.
  virtual size_t Consume(std::string_view bytes, RequestEvents& events) = 0;

  /// From inside an event: Consume returns behind what it has told.
  virtual void Pause() = 0;

  /// Nothing is parsed any more; the connection must be closed after an answer.
  virtual bool Failed() const = 0;
  /// Only if Failed().
  virtual const RequestError& error() const = 0;

  /// Some of a head has come, but not all of it.
  virtual bool InHead() const = 0;
};

}  // namespace tailrace
