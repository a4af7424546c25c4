// Pattern: what somebody searches for, compiled. A text that is looked for as it stands, or a
// regular expression of RE2, whose time is linear in the text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace tailrace {

struct PatternOptions {
  bool regex = false;
  bool match_case = false;  ///< Else letters are equal by Unicode's simple folding.
};

inline constexpr size_t kMaxPatternBytes = 1024;

/// Immutable; any thread.
class Pattern {
 public:
  struct Span {
    size_t begin = 0;
    size_t end = 0;
    bool operator==(const Span&) const = default;
  };

  /// kInvalid with the field "q": longer than kMaxPatternBytes, not UTF-8, no regular expression,
  /// or one whose program is too large. An empty text matches everything.
  static Result<std::unique_ptr<const Pattern>> Compile(std::string_view text,
                                                        const PatternOptions& options);
  ~Pattern();

  /// Nothing is looked for.
  bool Empty() const { return text_.empty(); }
  /// The pattern is a text that is found in bytes as they are, so that FindInBytes may be asked.
  bool IsText() const { return is_text_; }
  /// Texts must be well-formed UTF-8 for Matches and Find to be right.
  bool NeedsRepair() const { return !is_text_; }

  bool Matches(std::string_view text) const;
  /// The first match that begins at `from` or later; may be an empty one. What stands before `from`
  /// counts for ^ and \b.
  std::optional<Span> Find(std::string_view text, size_t from) const;
  /// IsText(): where the first match in any bytes begins, from `from` on. npos: nowhere.
  size_t FindInBytes(std::string_view bytes, size_t from) const;

 private:
  Pattern() = default;

  std::string text_;
  std::unique_ptr<const re2::RE2> expression_;  // null: text_ is found byte by byte
  bool is_text_ = false;
};

}  // namespace tailrace
