// Which line of a container's output most likely says what went wrong.
#pragma once

#include <string_view>

namespace tailrace {

/// Whether the line has one of the words by which programs begin a complaint ("error", "fatal",
/// "panic", "exception", "traceback"), in any case and not behind a letter. Looks at the first
/// kErrorLineBytes.
bool LooksLikeError(std::string_view line);
inline constexpr size_t kErrorLineBytes = 2048;

}  // namespace tailrace
