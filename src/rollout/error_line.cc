#include "rollout/error_line.h"

#include <array>
#include <cctype>

namespace tailrace {
namespace {

constexpr std::array<std::string_view, 5> kWords = {"error", "fatal", "panic", "exception",
                                                    "traceback"};

bool IsLetter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

bool BeginsWith(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != word[i]) return false;
  }
  return true;
}

}  // namespace

bool LooksLikeError(std::string_view line) {
  line = line.substr(0, kErrorLineBytes);
  for (size_t i = 0; i < line.size(); ++i) {
    if (i > 0 && IsLetter(line[i - 1]) && line.substr(i, 9) != "Exception") continue;
    for (const std::string_view word : kWords) {
      if (BeginsWith(line.substr(i), word)) return true;
    }
  }
  return false;
}

}  // namespace tailrace
