#include "app/config/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tailrace {
namespace {

using testing::HasSubstr;

LoadedConfig Load(std::string_view toml, const std::vector<std::string>& environment,
                  const std::vector<GivenSetting>& flags) {
  auto given = ReadTomlSettings(toml, "tailrace.toml");
  EXPECT_TRUE(given) << given.error().message;
  const auto from_environment = ReadEnvironmentSettings(environment);
  EXPECT_TRUE(from_environment) << from_environment.error().message;
  given->insert(given->end(), from_environment->begin(), from_environment->end());
  given->insert(given->end(), flags.begin(), flags.end());
  auto loaded = MergeSettings(*given);
  EXPECT_TRUE(loaded) << loaded.error().message;
  return *loaded;
}

std::string TomlError(std::string_view toml) {
  const auto given = ReadTomlSettings(toml, "t.toml");
  if (!given) return given.error().message;
  const auto loaded = MergeSettings(*given);
  return loaded ? "" : loaded.error().message;
}

TEST(Settings, NamesAreUniqueEverywhere) {
  std::set<std::string> flags, paths;
  for (const Setting& setting : AllSettings()) {
    EXPECT_TRUE(flags.insert(std::string(setting.flag)).second) << setting.flag;
    EXPECT_TRUE(paths.insert(setting.Path()).second) << setting.Path();
    EXPECT_EQ(FindByVariable(setting.Variable()), &setting);
    EXPECT_EQ(FindByFlag(setting.flag), &setting);
  }
}

TEST(Settings, EveryDefaultIsAllowedAndReadsBack) {
  const ServerConfig defaults;
  for (const Setting& setting : AllSettings()) {
    if (TakesMany(setting.kind)) continue;
    std::string text = FormatSetting(defaults, setting);
    if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
    ServerConfig config;
    const std::vector<std::string> values = {text};
    const auto applied = ApplySetting(config, setting, values);
    EXPECT_TRUE(applied) << setting.Path() << ": " << applied.error().message;
    EXPECT_EQ(FormatSetting(config, setting), FormatSetting(defaults, setting));
  }
}

TEST(Settings, AnOptionalListMayBeEmptyAndReadsBack) {
  ServerConfig config;
  const Setting* const setting = FindByPath("redact.patterns");
  ASSERT_NE(setting, nullptr);
  EXPECT_EQ(FormatSetting(config, *setting), "[]");
  EXPECT_TRUE(ApplySetting(config, *setting, std::vector<std::string>{"a b", "c"}));
  EXPECT_EQ(FormatSetting(config, *setting), R"(["a b", "c"])");
  EXPECT_FALSE(ApplySetting(config, *setting, std::vector<std::string>{""}));
  EXPECT_TRUE(ApplySetting(config, *setting, {}));
  EXPECT_TRUE(config.redact.patterns.empty());
}

TEST(ConfigLoader, FlagsBeatEnvironmentBeatsFileBeatsDefault) {
  const LoadedConfig loaded =
      Load("workers = 1\nreader_threads = 2\ndata = \"from-file\"\n[streams]\ndrain_window=\"3s\"",
           {"TAILRACE_WORKERS=3", "TAILRACE_READER_THREADS=5", "HOME=/root"},
           {{FindByFlag("workers"), {"7"}, "flag --workers"}});
  EXPECT_EQ(loaded.config.workers, 7u);
  EXPECT_EQ(loaded.config.reader_threads, 5u);
  EXPECT_EQ(loaded.config.data, "from-file");
  EXPECT_EQ(loaded.config.streams.drain_window_ms, 3000u);
  const std::string printed = PrintConfig(loaded);
  EXPECT_THAT(printed, HasSubstr("workers = 7  # flag --workers\n"));
  EXPECT_THAT(printed, HasSubstr("reader_threads = 5  # environment TAILRACE_READER_THREADS\n"));
  EXPECT_THAT(printed, HasSubstr("data = \"from-file\"  # tailrace.toml:3\n"));
  EXPECT_THAT(printed, HasSubstr("drain_window = \"3s\"  # tailrace.toml:5\n"));
  EXPECT_THAT(printed, HasSubstr("log_format = \"logfmt\"  # default\n"));
}

TEST(ConfigLoader, WhatIsPrintedIsTomlThatMeansTheSame) {
  const LoadedConfig loaded = Load(
      "listen = [\"127.0.0.1:1\", \"unix:/run/\\\"t\\\"\"]\n[retention]\nmax_age = \"30d\"\n"
      "[retention.type.deploy]\nmax_age = \"1w\"\n[retention.type.\"a.b\"]\nmax_log_bytes = 4096\n",
      {"TAILRACE_RETENTION_MAX_TOTAL_BYTES=1GiB"}, {});
  EXPECT_EQ(loaded.config.store.retention.by_type.at("deploy").max_age_s, 7u * 86'400u);
  EXPECT_EQ(loaded.config.store.retention.by_type.at("a.b").max_log_bytes, 4096u);
  EXPECT_EQ(loaded.config.store.retention.by_type.at("a.b").max_age_s, std::nullopt);
  const LoadedConfig again = Load(PrintConfig(loaded), {}, {});
  for (const Setting& setting : AllSettings()) {
    EXPECT_EQ(FormatSetting(again.config, setting), FormatSetting(loaded.config, setting));
  }
  EXPECT_EQ(again.config.store.retention.by_type.at("deploy").max_age_s, 7u * 86'400u);
  EXPECT_EQ(again.config.listen, loaded.config.listen);
}

TEST(ConfigLoader, UnknownKeysNameTheNearest) {
  EXPECT_EQ(TomlError("\nwokers = 1"), "t.toml:2: unknown key 'wokers'; did you mean 'workers'?");
  EXPECT_THAT(TomlError("[limits]\nentry_byte = 1"),
              HasSubstr("did you mean 'limits.entry_bytes'"));
  EXPECT_THAT(TomlError("[limit]\nentry_bytes = 1"), HasSubstr("unknown key 'limit'"));
  EXPECT_THAT(TomlError("[retention.type.deploy]\nage = 1"), HasSubstr("there are max_age and"));
  const std::vector<std::string> environment = {"TAILRACE_DRAIN_WINDO=1s"};
  EXPECT_EQ(ReadEnvironmentSettings(environment).error().message,
            "environment: unknown variable TAILRACE_DRAIN_WINDO; did you mean "
            "TAILRACE_DRAIN_WINDOW?");
}

TEST(ConfigLoader, KnowsWhoseVariablesTheOthersAre) {
  const std::vector<std::string> environment = {
      "TAILRACE_URL=http://x", "TAILRACE_TOKEN=t", "TAILRACE_PORT=tcp://10.0.0.1:80",
      "TAILRACE_PORT_80_TCP_ADDR=10.0.0.1", "TAILRACE_SERVICE_HOST=10.0.0.1"};
  EXPECT_TRUE(ReadEnvironmentSettings(environment)->empty());
}

TEST(ConfigLoader, BadValuesNameThePlaceAndWhatIsAllowed) {
  EXPECT_EQ(TomlError("workers = 1000"), "t.toml:1: workers = '1000' must be between 0 and 64");
  EXPECT_THAT(TomlError("[streams]\n\nheartbeat = 15"),
              HasSubstr("t.toml:3: streams.heartbeat = '15' must be a duration"));
  EXPECT_EQ(TomlError("log_level = \"loud\""),
            "t.toml:1: log_level = 'loud' must be debug, info, warn or error");
  EXPECT_THAT(TomlError("workers = 1.5"), HasSubstr("t.toml:1: workers must be a string, a whole"));
  EXPECT_THAT(TomlError("workers = [1, 2]"), HasSubstr("must be one value"));
  EXPECT_THAT(TomlError("proxy_protocol = true"), HasSubstr("together with trusted_proxies"));
  EXPECT_THAT(TomlError("base_path = \"/x/\""), HasSubstr("base_path"));
  EXPECT_THAT(TomlError("listen = []"), HasSubstr("must be at least one text"));
  EXPECT_THAT(TomlError("trusted_proxies = [\"10.0.0.1/8\"]"), HasSubstr("'10.0.0.1/8' is not"));
  EXPECT_THAT(TomlError("workers = "), HasSubstr("t.toml:1: "));
  EXPECT_THAT(TomlError("[streams]\nretry_min = \"9s\""), HasSubstr("must not exceed"));
  EXPECT_THAT(TomlError("[retention.type.deploy]\nmax_age = \"1ms\""), HasSubstr("seconds"));
}

}  // namespace
}  // namespace tailrace
