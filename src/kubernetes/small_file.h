// Credentials' files: read as a whole, with a limit.
#pragma once

#include <string>

#include "base/result.h"

namespace tailrace::kube {

inline constexpr size_t kSmallFileBytes = 4 << 20;

/// kUnavailable: it can't be read; kTooLarge. The error names the file and nothing of its content.
Result<std::string> ReadSmallFile(const std::string& path);

}  // namespace tailrace::kube
