// The table of everything that can be set about a server. Flags, environment, tailrace.toml,
// `serve --print-config`, `serve --help` and docs/cli.md all come from it; defaults come from
// ServerConfig.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "server/server_config.h"

namespace tailrace {

enum class ValueKind : uint8_t {
  kCount,         ///< A whole number.
  kBytes,         ///< Size with a unit.
  kMilliseconds,  ///< Duration with a unit, kept in ms.
  kSeconds,       ///< Duration with a unit, kept in s.
  kSwitch,        ///< true or false; the flag alone means true.
  kText,
  kOptionalText,  ///< May be empty: none.
  kOptionalUri,   ///< The same; printed without its password.
  kList,          ///< Texts; the flag may be repeated.
  kOptionalList,  ///< The same; there may be none.
  kTypePolicies,  ///< "TYPE:max_age=…,max_log_bytes=…"; in TOML a table a type.
};

/// It has any number of values.
constexpr bool TakesMany(ValueKind kind) {
  return kind == ValueKind::kList || kind == ValueKind::kOptionalList ||
         kind == ValueKind::kTypePolicies;
}

/// Where in ServerConfig a setting lives.
using SettingField =
    std::variant<uint64_t& (*)(ServerConfig&), std::optional<uint64_t>& (*)(ServerConfig&),
                 bool& (*)(ServerConfig&), std::string& (*)(ServerConfig&),
                 std::vector<std::string>& (*)(ServerConfig&),
                 std::map<std::string, RetentionPolicy>& (*)(ServerConfig&)>;

struct Setting {
  std::string_view section;  ///< TOML table; empty: top of the file.
  std::string_view key;      ///< TOML key, snake_case.
  std::string_view flag;     ///< Without "--"; the environment variable follows from it.
  ValueKind kind;
  SettingField field;
  std::string_view help;
  uint64_t min = 0;
  uint64_t max = UINT64_MAX;
  std::string_view choices = {};  ///< kText: "a|b|c", empty: any.

  /// "TAILRACE_DRAIN_WINDOW" for the flag "drain-window".
  std::string Variable() const;
  /// "streams.drain_window".
  std::string Path() const;
};

/// In the order in which they are printed: those without section first, sections together.
std::span<const Setting> AllSettings();

/// Null if there is none.
const Setting* FindByFlag(std::string_view flag);
const Setting* FindByVariable(std::string_view variable);
const Setting* FindByPath(std::string_view path);

/// Reads `values` (one, or any number for lists) into `config`. kInvalid: "must be …", without the
/// name of the setting, which the caller knows by its place.
Result<void> ApplySetting(ServerConfig& config, const Setting& setting,
                          std::span<const std::string> values);

/// The value in force as TOML: `"10s"`, `4`, `["a", "b"]`. Not for kTypePolicies.
std::string FormatSetting(const ServerConfig& config, const Setting& setting);

/// A TOML basic string with its quotes.
std::string TomlString(std::string_view text);

/// The candidate nearest to `name` if it is near enough to be meant, otherwise empty.
std::string NearestName(std::string_view name, std::span<const std::string> candidates);

}  // namespace tailrace
