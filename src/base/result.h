// Result<T> and Error: how every fallible function of Tailrace answers.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace tailrace {

/// What the caller can do about it. HTTP statuses and exit codes are derived from these.
enum class ErrorCode : uint8_t {
  kInvalid,      ///< The input is wrong; repeating it is useless (400).
  kNotFound,     ///< There is no such log (404).
  kConflict,     ///< The state forbids it: ended log, other outcome, sequence ahead (409).
  kTooLarge,     ///< A limit was exceeded; the message names limit and value (413).
  kOverloaded,   ///< Too much is waiting; repeat later (429).
  kUnavailable,  ///< Starting, draining, disk full, store failed; repeat later (503).
  kCorrupt,      ///< Stored bytes cannot be decoded.
  kInternal,     ///< A bug or an unexpected answer of the system (500).
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  ///< For people: what was wrong, with the offending name or value.
  /// kConflict of a producer's sequence: the count that the store has (api.md "expected").
  uint64_t expected = 0;
  bool has_expected = false;
  std::string field;  ///< kInvalid, kTooLarge: the parameter or member that is wrong, or empty.
};

/// std::expected that must be looked at: libstdc++ 12's is not [[nodiscard]].
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// `return Fail(ErrorCode::kInvalid, "…")` from any function that returns a Result.
inline std::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

inline std::unexpected<Error> Fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

/// The same, and which parameter or member of the input is wrong.
inline std::unexpected<Error> FailField(ErrorCode code, std::string field, std::string message) {
  return Fail(Error{.code = code, .message = std::move(message), .field = std::move(field)});
}

}  // namespace tailrace
