// Redactor: finds tokens and passwords in what producers send, so that they are never stored.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace tailrace {

/// What to look for. Nothing: there is no Redactor, and nothing is looked at.
struct RedactConfig {
  bool builtin = false;               ///< BuiltinRedactionPatterns().
  std::vector<std::string> patterns;  ///< RE2's syntax; at most kMaxRedactionPatterns.
};
inline constexpr size_t kMaxRedactionPatterns = 64;
inline constexpr size_t kMaxRedactionPatternBytes = 1024;

/// Passwords in assignments, command lines and URLs; Authorization and Cookie fields; private keys;
/// tokens of well-known services.
std::span<const std::string_view> BuiltinRedactionPatterns();

/// A place in a text that must not be shown.
struct Secret {
  size_t match_begin = 0;  ///< Where the words begin by which it was recognised; <= begin.
  size_t begin = 0;
  size_t end = 0;
};

/// A pattern sees bytes (ISO 8859-1), so that ill-formed UTF-8 hides nothing; `^` and `$` are the
/// ends of the text. Linear in the text. Memory: 8 MiB of states for all patterns together, then
/// slower. Any thread.
class Redactor {
 public:
  /// Null if `config` asks for nothing. kInvalid with the field: a pattern that RE2 does not take,
  /// that is too long, matches the empty text or names its groups; too many.
  static Result<std::unique_ptr<const Redactor>> Make(const RedactConfig& config);
  ~Redactor();

  /// Replaces `secrets` by what is in `text`, in order, not overlapping, none empty. A pattern with
  /// groups means what its groups take, one without means all that it takes.
  void Find(std::string_view text, std::vector<Secret>& secrets) const;

  /// Replaces every secret by AppendMask's.
  void Mask(std::string& text) const;

  void Count(uint64_t secrets) const { masked_.fetch_add(secrets, std::memory_order_relaxed); }
  /// Secrets masked so far, for the metric.
  uint64_t Masked() const { return masked_.load(std::memory_order_relaxed); }

 private:
  Redactor();

  std::unique_ptr<re2::RE2> any_;  // all of them; most texts are judged by this alone
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
  mutable std::atomic<uint64_t> masked_ = 0;
};

/// "***", or as much of it as the secret is long: no text grows, so no limit is exceeded by it.
void AppendMask(std::string& out, const Secret& secret);

/// Replaces `out` by `text` with `secrets` (sorted, within it) masked.
void CopyMasked(std::string_view text, std::span<const Secret> secrets, std::string& out);

}  // namespace tailrace
