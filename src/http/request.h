// RequestHead: a request up to its body, whatever protocol brought it; and its query.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/forwarded.h"
#include "http/headers.h"

namespace tailrace {

/// Those that Tailrace may answer. Any other is refused with 501 before a handler sees it.
enum class Method : uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };

/// "GET", …
std::string_view MethodName(Method method);
/// Case counts (RFC 9110 §9.1).
std::optional<Method> ParseMethod(std::string_view name);

/// Checked: what it says does not contradict itself, and the body's length is beyond doubt.
struct RequestHead {
  Method method = Method::kGet;
  std::string target;  ///< As it came: "/a?b", "http://host/a?b" or "*".
  /// Still percent-encoded, every escape well-formed; begins with '/', or is "*" (OPTIONS only).
  std::string path;
  std::string query;  ///< Behind the first '?', still encoded; empty if there is none.
  /// "host" or "host:port" of an absolute target, else of Host (RFC 9112 §3.2.2), as it came.
  /// Empty: the client (HTTP/1.0) did not say.
  std::string host;
  uint8_t version_minor = 1;  ///< HTTP/1.0 or HTTP/1.1.
  Headers headers;
  bool keep_alive = true;         ///< The client would send another request on this connection.
  bool expects_continue = false;  ///< Waits for "100 Continue" before it sends the body.
  /// A body that does not tell its length: chunked coding, or HTTP/2 without Content-Length.
  bool chunked = false;
  std::optional<uint64_t> content_length;
  /// uwsgi: what the server that passed the request on saw in front of it.
  std::optional<ForwardedHop> gateway;

  bool HasBody() const { return chunked || content_length.value_or(0) > 0; }
};

/// Replaces %XX. False: an escape is cut or not hexadecimal; `out` is then unspecified.
/// `plus_is_blank`: as in queries (WHATWG URL, application/x-www-form-urlencoded).
bool PercentDecode(std::string_view text, bool plus_is_blank, std::string& out);

/// Decoded names and values, in order; names may repeat.
class Query {
 public:
  /// The first value of that name; nothing if there is none.
  std::optional<std::string_view> Find(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& Items() const { return items_; }

 private:
  friend Result<Query> ParseQuery(std::string_view raw);
  std::vector<std::pair<std::string, std::string>> items_;
};

inline constexpr size_t kMaxQueryParameters = 256;

/// `a=1&b=x+y&c`. A part without '=' has an empty value; empty parts are skipped. kInvalid with
/// the field: a broken escape; kTooLarge: more than kMaxQueryParameters.
Result<Query> ParseQuery(std::string_view raw);

}  // namespace tailrace
