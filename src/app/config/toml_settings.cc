// tailrace.toml, but for its grants (toml_grants.cc).
#include <toml++/toml.h>

#include <algorithm>

#include "app/config/config_loader.h"

namespace tailrace {
namespace {

constexpr std::string_view kTypePath = "retention.type";

class TomlReader {
 public:
  TomlReader(const std::string& file_name, std::vector<GivenSetting>& given)
      : file_name_(file_name), given_(given) {}

  Result<void> ReadTable(const toml::table& table, const std::string& path) {
    for (const auto& [key, node] : table) {
      if (path.empty() && key == "grant") continue;  // ReadTomlGrants
      const std::string full = path.empty() ? std::string(key) : path + "." + std::string(key);
      Result<void> read = full == kTypePath ? ReadTypes(node)
                          : node.is_table() ? ReadSection(*node.as_table(), full)
                                            : ReadValue(node, full);
      if (!read) return read;
    }
    return {};
  }

 private:
  std::string Place(const toml::node& node) const {
    return file_name_ + ":" + std::to_string(node.source().begin.line);
  }

  std::unexpected<Error> Complain(const toml::node& node, const std::string& what) const {
    return Fail(ErrorCode::kInvalid, Place(node) + ": " + what);
  }

  std::unexpected<Error> Unknown(const toml::node& node, const std::string& path) const {
    std::vector<std::string> candidates;
    for (const Setting& setting : AllSettings()) {
      candidates.push_back(setting.Path());
      if (!setting.section.empty()) candidates.emplace_back(setting.section);
    }
    const std::string nearest = NearestName(path, candidates);
    return Complain(node, "unknown key '" + path + "'" +
                              (nearest.empty() ? "; `tailrace serve --print-config` shows all"
                                               : "; did you mean '" + nearest + "'?"));
  }

  Result<void> ReadSection(const toml::table& table, const std::string& path) {
    const bool known = std::ranges::any_of(
        AllSettings(), [&](const Setting& setting) { return setting.section == path; });
    if (!known) return Unknown(table, path);
    return ReadTable(table, path);
  }

  Result<std::string> Text(const toml::node& node, const std::string& path) const {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
    return Complain(node, path + " must be a string, a whole number or a boolean");
  }

  Result<void> ReadValue(const toml::node& node, const std::string& path) {
    const Setting* const setting = FindByPath(path);
    if (setting == nullptr) return Unknown(node, path);
    GivenSetting one{setting, {}, Place(node)};
    if (const auto* array = node.as_array(); array != nullptr) {
      for (const toml::node& element : *array) {
        auto text = Text(element, path);
        if (!text) return Fail(text.error());
        one.values.push_back(std::move(*text));
      }
    } else {
      auto text = Text(node, path);
      if (!text) return Fail(text.error());
      one.values.push_back(std::move(*text));
    }
    given_.push_back(std::move(one));
    return {};
  }

  // [retention.type.deploy] becomes "deploy:max_age=…,max_log_bytes=…", as the flag gives it.
  Result<void> ReadTypes(const toml::node& node) {
    const toml::table* const types = node.as_table();
    if (types == nullptr) return Complain(node, "retention.type must be tables of types");
    GivenSetting one{FindByPath(kTypePath), {}, Place(node)};
    for (const auto& [type, policy] : *types) {
      const std::string path = std::string(kTypePath) + "." + std::string(type);
      const toml::table* const keys = policy.as_table();
      if (keys == nullptr) return Complain(policy, path + " must be a table");
      std::string value = std::string(type) + ":";
      for (const auto& [key, limit] : *keys) {
        if (key != "max_age" && key != "max_log_bytes") {
          return Complain(limit, "unknown key '" + path + "." + std::string(key) +
                                     "'; there are max_age and max_log_bytes");
        }
        auto text = Text(limit, path);
        if (!text) return Fail(text.error());
        if (!value.ends_with(':')) value += ',';
        value += std::string(key) + "=" + *text;
      }
      one.origin = Place(policy);
      one.values.push_back(std::move(value));
    }
    given_.push_back(std::move(one));
    return {};
  }

  const std::string& file_name_;
  std::vector<GivenSetting>& given_;
};

}  // namespace

Result<std::vector<GivenSetting>> ReadTomlSettings(std::string_view text,
                                                   const std::string& file_name) {
  try {
    const toml::table root = toml::parse(text, file_name);
    std::vector<GivenSetting> given;
    if (auto read = TomlReader(file_name, given).ReadTable(root, ""); !read) {
      return Fail(read.error());
    }
    return given;
  } catch (const toml::parse_error& error) {
    return Fail(ErrorCode::kInvalid, file_name + ":" + std::to_string(error.source().begin.line) +
                                         ": " + std::string(error.description()));
  }
}

}  // namespace tailrace
