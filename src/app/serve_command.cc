#include "app/serve_command.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/client/commands.h"
#include "app/client/verb.h"
#include "app/config/grants_config.h"
#include "server/server.h"

namespace tailrace {
namespace {

constexpr const char* kUsualFiles[] = {"tailrace.toml", "/etc/tailrace/tailrace.toml"};

// The file to read; empty: none.
std::string FindConfigFile(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* const named = std::getenv("TAILRACE_CONFIG")) return named;
  for (const char* const usual : kUsualFiles) {
    std::error_code error;
    if (std::filesystem::exists(usual, error)) return usual;
  }
  return "";
}

// Empty for no file.
Result<std::string> ReadConfigFile(const std::string& file) {
  if (file.empty()) return std::string();
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) {
    return Fail(ErrorCode::kNotFound, file + ": the configuration cannot be read");
  }
  return text;
}

}  // namespace

Result<LoadedConfig> LoadServeConfig(const std::string& file, std::vector<GivenSetting> flags) {
  const std::string name = FindConfigFile(file);
  const Result<std::string> text = ReadConfigFile(name);
  if (!text) return Fail(text.error());
  auto given = ReadTomlSettings(*text, name);
  if (!given) return Fail(given.error());
  auto grants = ReadTomlGrants(*text, name);
  if (!grants) return Fail(grants.error());
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    environment.emplace_back(*variable);
  }
  const auto variables = ReadEnvironmentSettings(environment);
  if (!variables) return Fail(variables.error());
  given->insert(given->end(), variables->begin(), variables->end());
  given->insert(given->end(), flags.begin(), flags.end());
  return MergeSettings(*given, std::move(*grants));
}

int RunServe(const ServeArguments& arguments) {
  auto loaded = LoadServeConfig(arguments.config_file, arguments.flags);
  if (!loaded) {
    Complain(loaded.error().message);
    return kExitUsage;
  }
  if (arguments.print_config) {
    std::fputs(PrintConfig(*loaded).c_str(), stdout);
    return kExitOk;
  }
  // On SIGHUP, from a thread of the pool: the same places are read again.
  const auto reload = [arguments]() -> Result<AccessConfig> {
    auto again = LoadServeConfig(arguments.config_file, arguments.flags);
    if (!again) return Fail(again.error());
    return std::move(again->config.access);
  };
  auto server = Server::Start(std::move(loaded->config), reload);
  if (!server) {
    Complain(server.error().message);
    return kExitFailure;
  }
  return (*server)->Run();
}

}  // namespace tailrace
