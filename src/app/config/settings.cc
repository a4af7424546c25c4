#include "app/config/settings.h"

#include <algorithm>
#include <cctype>

#include "app/config/value.h"
#include "base/text.h"
#include "log/log_key.h"
#include "mongodb/mongo_client.h"

namespace tailrace {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
// clang up to 16 cannot deduce an aggregate's parameters without it.
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

constexpr uint64_t kMsPerSecond = 1000;

std::string FormatNumber(ValueKind kind, uint64_t value) {
  switch (kind) {
    case ValueKind::kBytes:
      return FormatBytes(value);
    case ValueKind::kMilliseconds:
      return FormatDurationMs(value);
    case ValueKind::kSeconds:
      return FormatDurationMs(value * kMsPerSecond);
    default:
      return std::to_string(value);
  }
}

Result<uint64_t> ParseNumber(ValueKind kind, std::string_view text) {
  if (kind == ValueKind::kBytes) return ParseBytes(text);
  if (kind == ValueKind::kCount) {
    const auto value = ParseDecimal(text);
    if (!value) return Fail(ErrorCode::kInvalid, "must be a whole number");
    return *value;
  }
  auto duration_ms = ParseDurationMs(text);
  if (!duration_ms || kind == ValueKind::kMilliseconds) return duration_ms;
  if (*duration_ms % kMsPerSecond != 0) {
    return Fail(ErrorCode::kInvalid, "must be a whole number of seconds");
  }
  return *duration_ms / kMsPerSecond;
}

Result<uint64_t> ParseInRange(const Setting& setting, std::string_view text) {
  auto value = ParseNumber(setting.kind, text);
  if (value && (*value < setting.min || *value > setting.max)) {
    return Fail(ErrorCode::kInvalid, "must be between " + FormatNumber(setting.kind, setting.min) +
                                         " and " + FormatNumber(setting.kind, setting.max));
  }
  return value;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Result<void> CheckChoice(const Setting& setting, std::string_view value) {
  if (setting.choices.empty()) {
    const bool optional =
        setting.kind == ValueKind::kOptionalText || setting.kind == ValueKind::kOptionalUri;
    if (value.empty() && !optional) return Fail(ErrorCode::kInvalid, "must not be empty");
    return {};
  }
  const auto choices = Split(setting.choices, '|');
  if (std::ranges::find(choices, value) != choices.end()) return {};
  std::string message = "must be ";
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) message += i + 1 == choices.size() ? " or " : ", ";
    message += choices[i];
  }
  return Fail(ErrorCode::kInvalid, message);
}

// One "max_age=30d" of a type's policy.
Result<void> ApplyPolicyPart(RetentionPolicy& policy, std::string_view part) {
  const size_t equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  const Setting* const setting = FindByPath("retention." + std::string(key));
  if (equals == std::string_view::npos || (key != "max_age" && key != "max_log_bytes")) {
    return Fail(ErrorCode::kInvalid,
                "'" + std::string(part) + "' is not max_age=DURATION or max_log_bytes=SIZE");
  }
  const std::string_view text = part.substr(equals + 1);
  std::optional<uint64_t>& field = key == "max_age" ? policy.max_age_s : policy.max_log_bytes;
  field.reset();
  if (text == "off") return {};
  const auto value = ParseInRange(*setting, text);
  if (!value) return Fail(ErrorCode::kInvalid, std::string(key) + " " + value.error().message);
  field = *value;
  return {};
}

Result<void> ApplyTypePolicies(std::map<std::string, RetentionPolicy>& policies,
                               std::span<const std::string> values) {
  policies.clear();
  for (const std::string& value : values) {
    const size_t colon = value.find(':');
    const std::string type = value.substr(0, colon);
    if (colon == std::string::npos) {
      return Fail(ErrorCode::kInvalid, "must be TYPE:max_age=DURATION,max_log_bytes=SIZE");
    }
    if (const auto key = MakeLogKey(type, "x"); !key) return Fail(key.error());
    RetentionPolicy& policy = policies[type];
    const std::string_view parts = std::string_view(value).substr(colon + 1);
    if (parts.empty()) continue;
    for (const std::string_view part : Split(parts, ',')) {
      if (auto applied = ApplyPolicyPart(policy, part); !applied) return applied;
    }
  }
  return {};
}

Result<void> ApplyOne(ServerConfig& config, const Setting& setting, const std::string& text) {
  return std::visit(Overloaded{
                        [&](uint64_t& (*field)(ServerConfig&)) -> Result<void> {
                          const auto value = ParseInRange(setting, text);
                          if (!value) return Fail(value.error());
                          field(config) = *value;
                          return {};
                        },
                        [&](std::optional<uint64_t>& (*field)(ServerConfig&)) -> Result<void> {
                          field(config).reset();
                          if (text == "off") return {};
                          const auto value = ParseInRange(setting, text);
                          if (!value)
                            return Fail(ErrorCode::kInvalid, value.error().message + ", or off");
                          field(config) = *value;
                          return {};
                        },
                        [&](bool& (*field)(ServerConfig&)) -> Result<void> {
                          const auto value = ParseBool(text);
                          if (!value) return Fail(value.error());
                          field(config) = *value;
                          return {};
                        },
                        [&](std::string& (*field)(ServerConfig&)) -> Result<void> {
                          if (auto checked = CheckChoice(setting, text); !checked) return checked;
                          field(config) = text;
                          return {};
                        },
                        [](auto) -> Result<void> { return {}; },
                    },
                    setting.field);
}

const Setting* FindIf(auto predicate) {
  const auto found = std::ranges::find_if(AllSettings(), predicate);
  return found == AllSettings().end() ? nullptr : &*found;
}

}  // namespace

std::string Setting::Variable() const {
  std::string name = "TAILRACE_";
  for (const char c : flag) {
    name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return name;
}

std::string Setting::Path() const {
  return section.empty() ? std::string(key) : std::string(section).append(".").append(key);
}

const Setting* FindByFlag(std::string_view flag) {
  return FindIf([flag](const Setting& s) { return s.flag == flag; });
}

const Setting* FindByVariable(std::string_view variable) {
  return FindIf([variable](const Setting& s) { return s.Variable() == variable; });
}

const Setting* FindByPath(std::string_view path) {
  return FindIf([path](const Setting& s) { return s.Path() == path; });
}

Result<void> ApplySetting(ServerConfig& config, const Setting& setting,
                          std::span<const std::string> values) {
  if (setting.kind == ValueKind::kTypePolicies) {
    return ApplyTypePolicies(
        std::get<std::map<std::string, RetentionPolicy>& (*)(ServerConfig&)>(setting.field)(config),
        values);
  }
  if (TakesMany(setting.kind)) {
    const bool enough = !values.empty() || setting.kind == ValueKind::kOptionalList;
    if (!enough || std::ranges::any_of(values, &std::string::empty)) {
      return Fail(ErrorCode::kInvalid, "must be at least one text, none of them empty");
    }
    std::get<std::vector<std::string>& (*)(ServerConfig&)>(setting.field)(config).assign(
        values.begin(), values.end());
    return {};
  }
  if (values.size() != 1) return Fail(ErrorCode::kInvalid, "must be one value, not a list");
  return ApplyOne(config, setting, values.front());
}

std::string FormatSetting(const ServerConfig& config, const Setting& setting) {
  ServerConfig copy = config;  // The fields' functions give mutable references.
  const bool quoted = setting.kind != ValueKind::kCount;
  const auto number = [&](uint64_t value) {
    const std::string text = FormatNumber(setting.kind, value);
    return quoted ? TomlString(text) : text;
  };
  return std::visit(
      Overloaded{
          [&](uint64_t& (*field)(ServerConfig&)) { return number(field(copy)); },
          [&](std::optional<uint64_t>& (*field)(ServerConfig&)) {
            const auto value = field(copy);
            return value ? number(*value) : TomlString("off");
          },
          [&](bool& (*field)(ServerConfig&)) {
            return std::string(field(copy) ? "true" : "false");
          },
          [&](std::string& (*field)(ServerConfig&)) {
            const bool may_be_secret = setting.kind == ValueKind::kOptionalUri;
            return TomlString(may_be_secret ? MaskPassword(field(copy)) : field(copy));
          },
          [&](std::vector<std::string>& (*field)(ServerConfig&)) {
            std::string out = "[";
            for (const std::string& text : field(copy)) {
              out.append(out.size() > 1 ? ", " : "").append(TomlString(text));
            }
            return out + "]";
          },
          [](std::map<std::string, RetentionPolicy>& (*)(ServerConfig&)) { return std::string(); },
      },
      setting.field);
}

std::string TomlString(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);  // TOML's basic strings have JSON's escapes but \/ and surrogates.
  return out;
}

std::string NearestName(std::string_view name, std::span<const std::string> candidates) {
  std::string nearest;
  size_t best = std::max<size_t>(3, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace tailrace
