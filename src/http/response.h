// Answers as HTTP/1.1 bytes: status line, fields, framing, chunks (RFC 9112).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/headers.h"
#include "http/request.h"

namespace tailrace {

/// "Not Found"; "" for a status that Tailrace does not use.
std::string_view ReasonPhrase(int status);

/// The Date field's value (IMF-fixdate, RFC 9110 §5.6.7), made once a second. One thread.
class DateCache {
 public:
  /// `clock` outlives it.
  explicit DateCache(const Clock& clock = Clock::System()) : clock_(&clock) {}
  /// Valid until the next call.
  std::string_view Value();

 private:
  const Clock* clock_;
  int64_t second_ = INT64_MIN;
  char text_[29] = {};
};

/// How the body's end is told.
enum class BodyFraming : uint8_t {
  kNone,        ///< There is no body and no length: 1xx, 204, 304.
  kLength,      ///< Content-Length.
  kChunked,     ///< HTTP/1.1.
  kUntilClose,  ///< The connection's end: HTTP/1.0 without a length.
};

/// The rules of RFC 9112 §6: `length` is the body's size if it is known. An answer to HEAD has
/// the framing of its GET, but no body: SendsBody() is false.
BodyFraming ChooseFraming(const RequestHead& request, int status, std::optional<uint64_t> length);
bool SendsBody(const RequestHead& request, int status);

struct ResponseHead {
  int status = 200;
  BodyFraming framing = BodyFraming::kLength;
  uint64_t content_length = 0;  ///< kLength only.
  /// Another request is read from this connection. False gives `Connection: close`; must be
  /// false with kUntilClose.
  bool keep_alive = true;
  /// Of the request: HTTP/1.0 must be told of a connection that stays open.
  uint8_t version_minor = 1;
  std::string_view date;  ///< DateCache::Value(); empty: no Date field.
  std::span<const HeaderField> headers;
  const Headers* more_headers = nullptr;  ///< Besides `headers`; may be null.
};

/// Appends the status line (always HTTP/1.1, RFC 9112 §2.3), Date, framing, Connection, the given
/// fields and the blank line. Fields that frame (Content-Length, Transfer-Encoding, Connection)
/// must not be among the given ones.
void AppendResponseHead(std::string& out, const ResponseHead& head);

/// `name: value` CRLF. Control characters in the value become blanks, so that no value from
/// outside can end the line.
void AppendHeaderLine(std::string& out, std::string_view name, std::string_view value);

/// An interim answer; 100 is the only one that Tailrace sends.
inline constexpr std::string_view kContinueResponse = "HTTP/1.1 100 Continue\r\n\r\n";

/// Chunked coding: the size line in front of `size` > 0 bytes, and what comes behind them.
void AppendChunkHeader(std::string& out, uint64_t size);
inline constexpr std::string_view kChunkTail = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace tailrace
