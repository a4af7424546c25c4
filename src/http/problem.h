// Problem: an error as a client gets it (RFC 9457, application/problem+json).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tailrace {

inline constexpr std::string_view kProblemMediaType = "application/problem+json";

struct Problem {
  int status = 500;
  std::string code;                  ///< For programs, as in "conflict"; never changes.
  std::string detail;                ///< For people: what was wrong, with the name or value.
  std::string field;                 ///< The parameter, field or member that is wrong; or empty.
  std::optional<uint64_t> expected;  ///< A producer's sequence that would fit (409).
  std::optional<uint64_t> stored;    ///< Entries of this body that are stored regardless.
  std::optional<uint64_t> limit;     ///< The limit that was exceeded.
  std::optional<uint32_t> retry_after_s;  ///< Also the field Retry-After.
};

/// kInvalid 400 "invalid", kNotFound 404 "not_found", kConflict 409 "conflict", kTooLarge 413
/// "too_large", kOverloaded 429 "overloaded", kUnavailable 503 "unavailable", kCorrupt 500
/// "corrupt", kInternal 500 "internal". 429 and 503 get retry_after_s = kDefaultRetryAfterSeconds.
Problem ProblemFrom(const Error& error);
inline constexpr uint32_t kDefaultRetryAfterSeconds = 1;

/// For what has no ErrorCode: 401, 405, 406, 415, 431, …; `code` is derived from the reason
/// phrase, as in "method_not_allowed".
Problem ProblemFrom(int status, std::string detail);

/// One line: {"type":"about:blank","title":…,"status":…,"code":…,"detail":…,…}. Members that are
/// not set are left out.
void AppendProblemJson(std::string& out, const Problem& problem);

}  // namespace tailrace
