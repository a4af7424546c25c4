// The configuration in force: defaults, tailrace.toml, TAILRACE_* variables and flags, weakest
// first, and from where each value came.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/settings.h"

namespace tailrace {

/// One value of one setting, as some place gives it.
struct GivenSetting {
  const Setting* setting;
  std::vector<std::string> values;
  std::string origin;  ///< "tailrace.toml:3", "environment TAILRACE_DATA", "flag --data".
};

/// All but [[grant]], which ReadTomlGrants reads. kInvalid: a syntax error, an unknown key (with
/// the nearest one) or a value of a wrong type, each with `file_name` and line.
Result<std::vector<GivenSetting>> ReadTomlSettings(std::string_view text,
                                                   const std::string& file_name);

/// `environment`: "NAME=value" strings, as in environ. Takes those that begin with TAILRACE_;
/// kInvalid for one that neither a server nor a client verb knows. Lists are split at blanks.
/// TAILRACE_PORT* and TAILRACE_SERVICE_* are passed over: Kubernetes sets them in every container
/// beside a Service of the name "tailrace".
Result<std::vector<GivenSetting>> ReadEnvironmentSettings(std::span<const std::string> environment);

struct LoadedConfig {
  ServerConfig config;
  std::map<std::string, std::string> origins;  ///< Setting::Path() -> origin; absent: default.
};

/// Applies `given` in order, later ones replacing earlier ones. kInvalid names place and setting,
/// or the grants that are of no use.
Result<LoadedConfig> MergeSettings(std::span<const GivenSetting> given,
                                   std::vector<Grant> grants = {});

/// Every setting in force as TOML that tailrace.toml could be; a comment says from where.
std::string PrintConfig(const LoadedConfig& loaded);

/// Every setting with its default and help, as the table of docs/cli.md.
std::string PrintSettingsTable();

}  // namespace tailrace
