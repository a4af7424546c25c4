// Answer: what a handler gives back; an Exchange turns it into bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/headers.h"
#include "http/problem.h"

namespace tailrace {

/// A body that is made piece by piece, as fast as the client reads.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece; empty: the end. On the reader pool, may block, one call at a time. After an
  /// error the answer is cut, since the status has been sent.
  virtual Result<std::string> Next() = 0;
};

struct Answer {
  int status = 200;
  Headers headers;  ///< Without those that frame (http/response.h).
  std::string body;
  std::unique_ptr<BodySource> source;    ///< Instead of `body`.
  std::optional<uint64_t> source_bytes;  ///< What `source` gives in all; absent: not known.
  bool close = false;                    ///< No further request on this connection.
};

Answer MakeAnswer(int status, std::string_view content_type, std::string body);
inline Answer JsonAnswer(int status, std::string body) {
  return MakeAnswer(status, "application/json", std::move(body));
}
/// Whether If-None-Match names `etag` or says "*": then the answer to GET and HEAD is 304. Compares
/// weakly (RFC 9110 §13.1.2).
bool NoneMatchFits(const Headers& request, std::string_view etag);
/// application/problem+json, with Retry-After where it belongs.
Answer ProblemAnswer(const Problem& problem);
Answer ProblemAnswer(const Error& error);

}  // namespace tailrace
