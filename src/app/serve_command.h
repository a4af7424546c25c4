// `tailrace serve`: finds out the configuration in force, and runs the server with it.
#pragma once

#include <string>
#include <vector>

#include "app/config/config_loader.h"

namespace tailrace {

struct ServeArguments {
  std::string config_file;  ///< --config; empty: the usual places.
  bool print_config = false;
  std::vector<GivenSetting> flags;
};

/// tailrace.toml in the working directory, or else in /etc/tailrace, unless `file` (or
/// TAILRACE_CONFIG) names one; then the environment; then `flags`.
Result<LoadedConfig> LoadServeConfig(const std::string& file, std::vector<GivenSetting> flags);

int RunServe(const ServeArguments& arguments);

}  // namespace tailrace
