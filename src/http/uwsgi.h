// UwsgiParser: a request as nginx's uwsgi_pass sends it, bytes in, events out, no socket. The
// format: https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html, modifier 0.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/http1.h"
#include "http/request_parser.h"

namespace tailrace {

struct HeadFault;

/// One request a connection: 4 bytes of header (modifier1 = 0, size of the variables in 2 bytes,
/// little end first, modifier2 = 0); the variables, each name and value behind their sizes of the
/// same kind; CONTENT_LENGTH bytes of body. What comes behind those is not looked at.
///
/// The head that it makes is that of an HTTP/1.0 request without keep-alive: so its answer is what
/// uwsgi_pass understands, a status line and fields, then bytes until the connection ends.
/// - Method: REQUEST_METHOD. Path: PATH_INFO, which nginx has decoded, normalised and rewritten, or
///   REQUEST_URI's if that is missing. Query: QUERY_STRING, or REQUEST_URI's.
/// - Fields: CONTENT_TYPE, CONTENT_LENGTH, and HTTP_X_Y as "x-y" but those of the connection
/// before,
///   such as HTTP_CONNECTION. nginx has the framing of the body undone.
/// - `gateway`: REMOTE_ADDR; HTTPS or REQUEST_SCHEME.
/// Refused: what contradicts itself, as two different CONTENT_LENGTHs, and what HTTP/1.1 would be
/// refused for.
class UwsgiParser final : public RequestParser {
 public:
  /// `limits` outlives the parser; the head's is one of all variables.
  explicit UwsgiParser(const Http1Limits* limits) : limits_(limits) {}

  size_t Consume(std::string_view bytes, RequestEvents& events) override;
  void Pause() override { paused_ = true; }
  bool Failed() const override { return error_ != nullptr; }
  const RequestError& error() const override { return *error_; }
  bool InHead() const override {
    return phase_ == Phase::kVariables || (phase_ == Phase::kHeader && !head_.empty());
  }

 private:
  enum class Phase : uint8_t { kHeader, kVariables, kBody, kOver };

  size_t ConsumeHeader(std::string_view bytes);
  size_t ConsumeVariables(std::string_view bytes, RequestEvents& events);
  size_t ConsumeBody(std::string_view bytes, RequestEvents& events);
  void Fail(HeadFault fault);

  const Http1Limits* limits_;
  std::string head_;  // of the phase's bytes those that have come
  std::unique_ptr<RequestError> error_;
  uint64_t body_left_ = 0;
  size_t variables_size_ = 0;
  Phase phase_ = Phase::kHeader;
  bool paused_ = false;
};

}  // namespace tailrace
