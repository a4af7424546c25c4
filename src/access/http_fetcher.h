// HttpFetcher: asks other servers: whether a session is valid, and for keys.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/headers.h"

namespace tailrace {

/// One GET.
struct FetchRequest {
  std::string url;  ///< http or https.
  /// Fields to send. Values have no CR, LF or NUL.
  std::vector<std::pair<std::string, std::string>> headers;
  uint64_t timeout_ms = 5'000;  ///< For everything, from Fetch to the last byte.
  size_t body_bytes = 0;        ///< Longest body that is believed.
};

struct FetchReply {
  int status = 0;     ///< 0: there is no answer that could be believed; `error` says why.
  std::string error;  ///< For people. Never has a field that was sent.
  Headers headers;    ///< At most kFetchHeadBytes.
  std::string body;   ///< Complete.
};
inline constexpr size_t kFetchHeadBytes = 16 << 10;

class HttpFetcher {
 public:
  using Done = std::move_only_function<void(FetchReply)>;

  virtual ~HttpFetcher() = default;
  /// Any thread. `done` comes once, on a thread of the fetcher, and must not block; not during this
  /// call. If the fetcher dies first it never comes.
  virtual void Fetch(FetchRequest request, Done done) = 0;
};

struct FetchLimits {
  uint64_t concurrent = 16;  ///< Requests at the same time; more wait.
  uint64_t waiting = 1'000;  ///< That wait; more are answered with status 0 at once.
};

/// By libcurl, on one thread of its own. Redirects are not followed, proxies of the environment not
/// used, certificates checked. What takes longer, or says more than it may, is status 0.
/// `ca_file` (PEM) empty: those of the system.
std::unique_ptr<HttpFetcher> MakeHttpFetcher(const FetchLimits& limits, std::string ca_file);

}  // namespace tailrace
