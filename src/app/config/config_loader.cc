#include "app/config/config_loader.h"

#include <algorithm>
#include <array>

#include "app/config/grants_config.h"
#include "app/config/value.h"
#include "http/forwarded.h"
#include "mongodb/mongo_client.h"
#include "server/base_path.h"
#include "server/login_location.h"
#include "store/mongodb/mongo_store.h"

namespace tailrace {
namespace {

// Variables that mean something to other verbs, and --config's.
constexpr std::array<std::string_view, 6> kOtherVariables = {
    "TAILRACE_URL",     "TAILRACE_TOKEN",  "TAILRACE_TOKEN_FILE",
    "TAILRACE_CA_FILE", "TAILRACE_CONFIG", "TAILRACE_SPOOL_DIR"};

bool IsKubernetesServiceVariable(std::string_view name) {
  return name == "TAILRACE_PORT" || name.starts_with("TAILRACE_PORT_") ||
         name.starts_with("TAILRACE_SERVICE_");
}

Error UnknownVariable(std::string_view name) {
  std::vector<std::string> candidates(kOtherVariables.begin(), kOtherVariables.end());
  for (const Setting& setting : AllSettings()) candidates.push_back(setting.Variable());
  const std::string nearest = NearestName(name, candidates);
  std::string message = "environment: unknown variable " + std::string(name);
  message += nearest.empty() ? "; `tailrace serve --help` lists those that there are"
                             : "; did you mean " + nearest + "?";
  return Error{ErrorCode::kInvalid, message};
}

std::vector<std::string> SplitAtBlanks(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

Result<void> CheckAccess(const ServerConfig& config) {
  if (!config.proxy_auth.user_header.empty() && config.trusted_proxies.empty()) {
    return Fail(ErrorCode::kInvalid, "proxy_auth.user_header: of no use without trusted_proxies");
  }
  if (const std::string& url = config.access.login_url; !url.empty()) {
    if (auto checked = CheckLoginUrl(url); !checked) return checked;
  }
  if (config.access_review.enabled && !config.kubernetes.enabled) {
    return Fail(ErrorCode::kInvalid, "access_review.enabled: of no use without kubernetes.enabled");
  }
  if (config.access.enabled) return {};
  std::string name;
  if (!config.access.login_url.empty()) name = "access.login_url";
  if (!config.access.grants.empty()) name = config.access.grants.front().origin + ": grant";
  if (!config.forward_auth.url.empty()) name = "forward_auth.url";
  if (!config.proxy_auth.user_header.empty()) name = "proxy_auth.user_header";
  if (!config.jwt.keys.empty()) name = "jwt.keys";
  if (config.access_review.enabled) name = "access_review.enabled";
  if (name.empty()) return {};
  return Fail(ErrorCode::kInvalid, name + ": of no use without access.enabled = true");
}

Result<void> CheckMongoStore(const ServerConfig& config) {
  if (config.mongo_store.uri.empty()) return {};
  const auto place = MongoPlace(config.mongo_store);
  if (!place) return Fail(place.error());
  if (config.limits.entry_bytes > kMaxMongoEntryBytes) {
    return Fail(ErrorCode::kInvalid, "limits.entry_bytes: must not exceed " +
                                         FormatBytes(kMaxMongoEntryBytes) +
                                         " with a store in MongoDB (store.uri)");
  }
  const MongoConfig& source = config.mongodb;
  if (!source.uri.empty() && source.database == place->address.database &&
      source.collection == place->address.collection) {
    return Fail(ErrorCode::kInvalid,
                "store.collection: the store cannot be in the collection that is followed "
                "(mongodb.collection)");
  }
  return {};
}

// Pairs that make no sense the other way round.
Result<void> CheckTogether(const ServerConfig& config) {
  const StreamConfig& streams = config.streams;
  if (streams.retry_min_ms > streams.retry_max_ms) {
    return Fail(ErrorCode::kInvalid, "streams.retry_min must not exceed streams.retry_max");
  }
  if (streams.soft_retry_min_ms > streams.soft_retry_max_ms) {
    return Fail(ErrorCode::kInvalid,
                "streams.soft_retry_min must not exceed streams.soft_retry_max");
  }
  if (config.tls.cert.empty() != config.tls.key.empty()) {
    return Fail(ErrorCode::kInvalid, "tls.cert and tls.key are of use only together");
  }
  const MongoConfig& mongodb = config.mongodb;
  if (!mongodb.uri.empty()) {
    auto ok = CheckMongoAddress({mongodb.uri, mongodb.database, mongodb.collection});
    if (!ok) return ok;
  }
  if (auto checked = CheckMongoStore(config); !checked) return checked;
  if (auto checked = CheckBasePath(config.base_path); !checked) return checked;
  if (config.proxy_protocol && config.trusted_proxies.empty()) {
    return Fail(ErrorCode::kInvalid,
                "proxy_protocol is of use only together with trusted_proxies: nobody else is "
                "believed");
  }
  if (const auto trusted = TrustedProxies::Parse(config.trusted_proxies); !trusted) {
    return Fail(trusted.error());
  }
  return CheckAccess(config);
}

std::string OriginOf(const LoadedConfig& loaded, const Setting& setting) {
  const auto found = loaded.origins.find(setting.Path());
  return found == loaded.origins.end() ? "default" : found->second;
}

void PrintTypePolicies(std::string& out, const LoadedConfig& loaded, const Setting& setting) {
  for (const auto& [type, policy] : loaded.config.store.retention.by_type) {
    const std::string origin = "  # " + OriginOf(loaded, setting) + "\n";
    out += "\n[" + std::string(setting.section) + "." + std::string(setting.key) + "." +
           TomlString(type) + "]\n";
    const auto age = policy.max_age_s;
    const auto bytes = policy.max_log_bytes;
    out += "max_age = " + TomlString(age ? FormatDurationMs(*age * 1000) : "off") + origin;
    out += "max_log_bytes = " + TomlString(bytes ? FormatBytes(*bytes) : "off") + origin;
  }
}

}  // namespace

Result<std::vector<GivenSetting>> ReadEnvironmentSettings(
    std::span<const std::string> environment) {
  std::vector<GivenSetting> given;
  for (const std::string_view variable : environment) {
    const size_t equals = variable.find('=');
    const std::string_view name = variable.substr(0, equals);
    if (!name.starts_with("TAILRACE_") || equals == std::string_view::npos) continue;
    const Setting* const setting = FindByVariable(name);
    if (setting == nullptr) {
      if (IsKubernetesServiceVariable(name) || std::ranges::count(kOtherVariables, name) > 0) {
        continue;
      }
      return Fail(UnknownVariable(name));
    }
    const std::string_view value = variable.substr(equals + 1);
    given.push_back({setting,
                     TakesMany(setting->kind) ? SplitAtBlanks(value)
                                              : std::vector<std::string>{std::string(value)},
                     "environment " + std::string(name)});
  }
  return given;
}

Result<LoadedConfig> MergeSettings(std::span<const GivenSetting> given, std::vector<Grant> grants) {
  LoadedConfig loaded;
  loaded.config.access.grants = std::move(grants);
  for (const GivenSetting& one : given) {
    if (auto applied = ApplySetting(loaded.config, *one.setting, one.values); !applied) {
      std::string values;
      for (const std::string& value : one.values) values += (values.empty() ? "" : " ") + value;
      return Fail(ErrorCode::kInvalid, one.origin + ": " + one.setting->Path() + " = '" + values +
                                           "' " + applied.error().message);
    }
    loaded.origins[one.setting->Path()] = one.origin;
  }
  if (auto checked = CheckTogether(loaded.config); !checked) return Fail(checked.error());
  return loaded;
}

std::string PrintConfig(const LoadedConfig& loaded) {
  std::string out;
  std::string_view section;
  for (const Setting& setting : AllSettings()) {
    if (setting.section != section) {
      section = setting.section;
      out += "\n[" + std::string(section) + "]\n";
    }
    if (setting.kind == ValueKind::kTypePolicies) {
      PrintTypePolicies(out, loaded, setting);
      continue;
    }
    out += std::string(setting.key) + " = " + FormatSetting(loaded.config, setting) + "  # " +
           OriginOf(loaded, setting) + "\n";
  }
  return out + PrintGrants(loaded.config.access.grants);
}

std::string PrintSettingsTable() {
  std::string out = "| tailrace.toml | flag | default | meaning |\n|---|---|---|---|\n";
  const ServerConfig defaults;
  for (const Setting& setting : AllSettings()) {
    const bool policies = setting.kind == ValueKind::kTypePolicies;
    std::string help(setting.help);
    if (!setting.choices.empty()) {
      help.append(": ").append(setting.choices);
      std::ranges::replace(help, '|', '/');
    }
    out += "| `" + setting.Path() + (policies ? ".TYPE" : "") + "` | `--" +
           std::string(setting.flag) + "` | " +
           (policies ? "none" : "`" + FormatSetting(defaults, setting) + "`") + " | " + help +
           " |\n";
  }
  return out;
}

}  // namespace tailrace
