// LogKey: the name of a log, `type/id`, and the rules for names (api.md "Names and limits").
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tailrace {

inline constexpr size_t kMaxTypeBytes = 64;
inline constexpr size_t kMaxIdBytes = 128;

struct LogKey {
  std::string type;  ///< [A-Za-z0-9][A-Za-z0-9._-]{0,63}
  std::string id;    ///< [A-Za-z0-9][A-Za-z0-9._:~-]{0,127}

  auto operator<=>(const LogKey&) const = default;
  /// "type/id". A type has no '/', so this is unique.
  std::string Path() const { return type + "/" + id; }
};

/// Checks both names. kInvalid names the field and what is allowed.
Result<LogKey> MakeLogKey(std::string_view type, std::string_view id);

/// Reads "type/id", as the command line gives it.
Result<LogKey> ParseLogKey(std::string_view path);

}  // namespace tailrace

template <>
struct std::hash<tailrace::LogKey> {
  size_t operator()(const tailrace::LogKey& key) const noexcept {
    const size_t type = std::hash<std::string>{}(key.type);
    return std::hash<std::string>{}(key.id) ^ (type * 0x9e3779b97f4a7c15);
  }
};
