#include "server/cursor_text.h"

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr std::string_view kEnd = ".end";

bool IsIncarnation(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

std::optional<CursorText> ParseCursor(std::string_view text) {
  CursorText cursor{.given = true};
  if (text.ends_with(kEnd)) {
    cursor.behind_end = true;
    text.remove_suffix(kEnd.size());
  }
  if (const size_t dot = text.find('.'); dot != std::string_view::npos) {
    cursor.incarnation = text.substr(0, dot);
    if (!IsIncarnation(cursor.incarnation)) return std::nullopt;
    text.remove_prefix(dot + 1);
  } else if (cursor.behind_end) {
    return std::nullopt;
  }
  const auto position = ParseDecimal(text);
  if (!position) return std::nullopt;
  cursor.position = *position;
  return cursor;
}

CursorText ParseLastEventId(std::string_view text) {
  if (auto cursor = ParseCursor(text)) return *cursor;
  return {.given = true, .incarnation = "?"};
}

}  // namespace tailrace
