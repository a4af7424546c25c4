#include "access/log_pattern.h"

namespace tailrace {
namespace {

constexpr size_t kMaxPartBytes = 128;

bool IsPatternChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._:~-*").find(c) != std::string_view::npos;
}

bool IsPart(std::string_view part) {
  if (part.empty() || part.size() > kMaxPartBytes) return false;
  for (const char c : part) {
    if (!IsPatternChar(c)) return false;
  }
  return true;
}

// Linear in `text` for each '*': only the last one met is ever tried again.
bool FitsPart(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

Result<LogPattern> LogPattern::Parse(std::string_view text) {
  if (text == "*") return LogPattern("*", "*");
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || !IsPart(text.substr(0, slash)) ||
      !IsPart(text.substr(slash + 1))) {
    return Fail(ErrorCode::kInvalid, "'" + std::string(text) +
                                         "' must be TYPE/ID with letters, digits, . _ : ~ - and "
                                         "* for anything, as in deploy/*");
  }
  return LogPattern(text.substr(0, slash), text.substr(slash + 1));
}

bool LogPattern::Fits(std::string_view type, std::string_view id) const {
  return FitsPart(type_, type) && FitsPart(id_, id);
}

}  // namespace tailrace
