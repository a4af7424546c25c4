// ApiEnd: how a request to an API server ended.
#pragma once

#include <cstdint>
#include <string>

namespace tailrace::kube {

struct ApiEnd {
  enum class How : uint8_t {
    kComplete,     ///< Status 2xx, and the server said that the body is whole.
    kRefused,      ///< Another status: see `status`, `reason`.
    kCut,          ///< Status 2xx, but the body broke off: connection lost, server killed, silence.
    kUnreachable,  ///< No answer: address, connection, TLS, credentials or time limit.
    kTooLarge,     ///< An ordinary answer beyond ApiLimits::answer_bytes.
  };

  How how = How::kUnreachable;
  int status = 0;  ///< HTTP; 0: none came.
  std::string
      reason;  ///< Of the API's Status object: "NotFound", "Expired", "Forbidden", or empty.
  std::string message;  ///< For people; never empty unless kComplete. Never has a credential in it.
  uint64_t retry_after_ms = 0;  ///< The server's wish (429, 503); 0: none.

  bool ok() const { return how == How::kComplete; }
  /// The version asked for is compacted away: list again (docs: "410 Gone").
  bool gone() const { return how == How::kRefused && (status == 410 || reason == "Expired"); }
  /// The server is away or overloaded and the same request may succeed later.
  bool again() const {
    return how == How::kCut || how == How::kUnreachable || status == 429 || status >= 500;
  }
};

}  // namespace tailrace::kube
