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

struct LogInfo;

/// A body that is made piece by piece, as fast as the client reads.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece; empty: the end. On the reader pool, may block, one call at a time. After an
  /// error the answer is cut, since the status has been sent.
  virtual Result<std::string> Next() = 0;
};

/// What the reader of a long answer may. On the worker's loop, which destroys it.
class AnswerPass {
 public:
  virtual ~AnswerPass() = default;
  /// False: it may not have the rest.
  virtual bool Holds() const = 0;
};

struct Answer {
  int status = 200;
  Headers headers;  ///< Without those that frame (http/response.h).
  std::string body;
  std::unique_ptr<BodySource> source;    ///< Instead of `body`.
  std::optional<uint64_t> source_bytes;  ///< What `source` gives in all; absent: not known.
  /// The log that `source` is read from. Set: the answer is cut when its reader may not read it any
  /// more.
  std::shared_ptr<const LogInfo> about;
  std::unique_ptr<AnswerPass> pass;  ///< For that; null: it may have everything.
  bool close = false;                ///< No further request on this connection.
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
