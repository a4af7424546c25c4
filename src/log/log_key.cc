#include "log/log_key.h"

#include <algorithm>

namespace tailrace {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsName(std::string_view name, size_t max_bytes, std::string_view punctuation) {
  if (name.empty() || name.size() > max_bytes || !IsAlphanumeric(name.front())) return false;
  return std::ranges::all_of(name, [punctuation](char c) {
    return IsAlphanumeric(c) || punctuation.find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<LogKey> MakeLogKey(std::string_view type, std::string_view id) {
  if (!IsName(type, kMaxTypeBytes, "._-")) {
    return FailField(ErrorCode::kInvalid, "type",
                     "type: must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit");
  }
  if (!IsName(id, kMaxIdBytes, "._:~-")) {
    return FailField(
        ErrorCode::kInvalid, "id",
        "id: must be 1 to 128 of A-Z a-z 0-9 . _ : ~ - and begin with a letter or digit");
  }
  return LogKey{std::string(type), std::string(id)};
}

Result<LogKey> ParseLogKey(std::string_view path) {
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) {
    return Fail(ErrorCode::kInvalid, "'" + std::string(path) + "' is not TYPE/ID, as in deploy/42");
  }
  return MakeLogKey(path.substr(0, slash), path.substr(slash + 1));
}

}  // namespace tailrace
