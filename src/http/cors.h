// CorsPolicy: which other sites' pages may use this server by their visitors' browsers (Fetch
// Standard, "HTTP CORS protocol").
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/headers.h"
#include "http/request.h"

namespace tailrace {

/// "https://portal.example" or "http://10.0.0.1:8000" as a browser writes it in Origin: in lower
/// case, without the scheme's own port. kInvalid: a path, a wildcard, "null", another scheme.
Result<std::string> NormalizeOrigin(std::string_view text);

/// Set up once, then read by any thread.
class CorsPolicy {
 public:
  CorsPolicy() = default;
  /// kInvalid names `cors.origins` and the origin that is none.
  static Result<CorsPolicy> Make(std::span<const std::string> origins);

  bool Empty() const { return origins_.empty(); }
  /// Whether the request's Origin is exactly one of the list, byte by byte: a browser writes it in
  /// one way only.
  bool Allows(const RequestHead& request) const;

  /// The fields of every answer, errors and event streams too. Nothing while the list is empty.
  void AddTo(const RequestHead& request, Headers& answer) const;

  /// The fields of the answer to a preflight (OPTIONS with Access-Control-Request-Method), besides
  /// AddTo's; `methods` as in "GET, HEAD". Nothing for an origin that is not allowed: the browser
  /// then keeps the request to itself.
  void AddPreflightTo(const RequestHead& request, std::string_view methods, Headers& answer) const;

 private:
  std::vector<std::string> origins_;
};

}  // namespace tailrace
