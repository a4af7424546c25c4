// Files that only their owner may read: users, tokens and sessions in the data directory.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tailrace {

/// Empty if there is none. kInvalid: others may read it; kUnavailable: it cannot be read.
Result<std::string> ReadPrivateFile(const std::string& path);

/// Replaces it as a whole, by a new one of mode 0600 that is on disk when this returns. It belongs
/// to whom its directory belongs, so that root may do this for a server of another user.
/// kUnavailable.
Result<void> WritePrivateFile(const std::string& path, std::string_view content);

/// Runs `edit` while nobody else, of any process, runs an edit in this directory, which is made
/// (0700) if it is not there. kUnavailable.
Result<void> EditLocked(const std::string& directory, const std::function<Result<void>()>& edit);

/// A file of lines with fields between tabs, below the line "KIND 1". Empty for an empty text.
/// kCorrupt names the line.
Result<std::vector<std::vector<std::string_view>>> ParseRows(std::string_view text,
                                                             std::string_view kind, size_t fields);
/// A time in a field, as a whole number of nanoseconds that fits. Nothing: it is none.
std::optional<TimeNs> ParseTimeField(std::string_view field);
void AppendRow(std::string& out, const std::vector<std::string>& fields);

}  // namespace tailrace
