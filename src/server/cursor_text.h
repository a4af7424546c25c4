// Cursors as clients write them: `N`, `INCARNATION.N`, and `INCARNATION.N.end` behind the end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "log/entry.h"

namespace tailrace {

struct CursorText {
  bool given = false;
  std::string incarnation;  ///< Empty: any.
  Position position = 0;
  bool behind_end = false;
};

/// Nothing: not a cursor.
std::optional<CursorText> ParseCursor(std::string_view text);

/// A browser's `Last-Event-ID` can't be refused without losing the tab for good, so what is no
/// cursor of ours is one of another log: its reader is told `reset`.
CursorText ParseLastEventId(std::string_view text);

}  // namespace tailrace
