#include "search/pattern.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

// For the program and for the states made of it while it runs. Where these do not fit RE2 goes on
// without them, in time linear in the text and in the program: hence the program's own limit.
constexpr int64_t kMemoryBytes = 8 << 20;
constexpr int kMaxProgram = 2'000;  // instructions of a regular expression
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kSpecial = "\\^$.|?*+()[]{}";

std::unexpected<Error> Refuse(const std::string& reason) {
  return FailField(ErrorCode::kInvalid, "q", "q: " + reason);
}

RE2::Options MakeOptions(const PatternOptions& wanted) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryBytes);
  options.set_case_sensitive(wanted.match_case);
  options.set_literal(!wanted.regex);
  return options;
}

bool HasCase(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 128;
  });
}

re2::StringPiece Piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Pattern::~Pattern() = default;

Result<std::unique_ptr<const Pattern>> Pattern::Compile(std::string_view text,
                                                        const PatternOptions& options) {
  if (text.size() > kMaxPatternBytes) {
    return Refuse("must be at most " + std::to_string(kMaxPatternBytes) + " bytes long");
  }
  if (!IsValidUtf8(text)) return Refuse("must be UTF-8");
  std::unique_ptr<Pattern> pattern(new Pattern);
  pattern->text_ = text;
  const bool is_text = !options.regex || text.find_first_of(kSpecial) == std::string_view::npos;
  pattern->is_text_ = is_text && !text.contains(kReplacement);
  if (is_text && (options.match_case || !HasCase(text))) return pattern;
  PatternOptions compiled = options;
  compiled.regex = !is_text;
  auto expression = std::make_unique<const RE2>(Piece(text), MakeOptions(compiled));
  if (expression->error_code() == RE2::ErrorPatternTooLarge ||
      (expression->ok() && !is_text && expression->ProgramSize() > kMaxProgram)) {
    return Refuse("the regular expression is too large; use less repetition");
  }
  if (!expression->ok()) return Refuse("no regular expression (RE2): " + expression->error());
  pattern->expression_ = std::move(expression);
  return pattern;
}

bool Pattern::Matches(std::string_view text) const {
  if (expression_ == nullptr) return text.contains(text_);
  return expression_->Match(Piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

std::optional<Pattern::Span> Pattern::Find(std::string_view text, size_t from) const {
  if (from > text.size()) return std::nullopt;
  if (expression_ == nullptr) {
    const size_t at = FindInBytes(text, from);
    if (at == std::string_view::npos) return std::nullopt;
    return Span{.begin = at, .end = at + text_.size()};
  }
  re2::StringPiece found;
  if (!expression_->Match(Piece(text), from, text.size(), RE2::UNANCHORED, &found, 1)) {
    return std::nullopt;
  }
  const auto begin = static_cast<size_t>(found.data() - text.data());
  return Span{.begin = begin, .end = begin + found.size()};
}

size_t Pattern::FindInBytes(std::string_view bytes, size_t from) const {
  if (from > bytes.size()) return std::string_view::npos;
  if (expression_ != nullptr) {
    const auto span = Find(bytes, from);
    return span ? span->begin : std::string_view::npos;
  }
  const std::string_view rest = bytes.substr(from);
  const void* at = memmem(rest.data(), rest.size(), text_.data(), text_.size());
  if (at == nullptr) return std::string_view::npos;
  return static_cast<size_t>(static_cast<const char*>(at) - bytes.data());
}

}  // namespace tailrace
