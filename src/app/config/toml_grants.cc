#include <toml++/toml.h>

#include <algorithm>
#include <array>

#include "app/config/grants_config.h"
#include "app/config/settings.h"

namespace tailrace {
namespace {

constexpr std::array<std::string_view, 7> kFields = {"user", "group",  "anyone", "signed_in",
                                                     "logs", "labels", "may"};

// One [[grant]].
class GrantReader {
 public:
  GrantReader(const std::string& file_name, const toml::table& table)
      : file_name_(file_name), table_(table) {}

  Result<Grant> Read() {
    grant_.origin = Place(table_);
    for (const auto& [key, node] : table_) {
      if (auto read = ReadField(key.str(), node); !read) return Fail(read.error());
    }
    const bool to_somebody =
        !grant_.users.empty() || !grant_.groups.empty() || grant_.anyone || grant_.signed_in;
    if (!to_somebody) return Complain(table_, "user, group, anyone or signed_in is needed");
    Scope& scope = grant_.scope;
    if (scope.may.Empty()) return Complain(table_, "may is needed, as in may = [\"read\"]");
    if (scope.logs.empty() && scope.labels.empty()) {
      return Complain(table_, "logs or labels is needed, as in logs = [\"deploy/*\"]");
    }
    if (scope.logs.empty()) scope.logs.push_back(*LogPattern::Parse("*"));
    return std::move(grant_);
  }

 private:
  std::string Place(const toml::node& node) const {
    return file_name_ + ":" + std::to_string(node.source().begin.line);
  }

  std::unexpected<Error> Complain(const toml::node& node, const std::string& what) const {
    return Fail(ErrorCode::kInvalid, Place(node) + ": grant: " + what);
  }

  Result<void> ReadField(std::string_view field, const toml::node& node) {
    if (field == "anyone") return ReadSwitch(field, node, grant_.anyone);
    if (field == "signed_in") return ReadSwitch(field, node, grant_.signed_in);
    if (std::ranges::find(kFields, field) == kFields.end()) {
      const std::string nearest =
          NearestName(field, std::vector<std::string>(kFields.begin(), kFields.end()));
      return Complain(node, "unknown field '" + std::string(field) + "'" +
                                (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
    }
    return ReadTexts(field, node);
  }

  Result<void> ReadSwitch(std::string_view field, const toml::node& node, bool& target) const {
    const auto* const value = node.as_boolean();
    if (value == nullptr) return Complain(node, std::string(field) + " must be true or false");
    target = value->get();
    return {};
  }

  // One text, or an array of them.
  Result<void> ReadTexts(std::string_view field, const toml::node& node) {
    if (const auto* const array = node.as_array()) {
      if (array->empty()) return Complain(node, std::string(field) + " must not be empty");
      for (const toml::node& element : *array) {
        if (auto read = ReadText(field, element); !read) return read;
      }
      return {};
    }
    return ReadText(field, node);
  }

  Result<void> ReadText(std::string_view field, const toml::node& node) {
    const auto* const value = node.as_string();
    if (value == nullptr || value->get().empty()) {
      return Complain(node, std::string(field) + " must be a text or an array of texts");
    }
    const std::string& text = value->get();
    if (field == "user") grant_.users.push_back(text);
    if (field == "group") grant_.groups.push_back(text);
    if (field == "logs") return AddPattern(node, text);
    if (field == "labels") return AddLabel(node, text);
    if (field == "may") return AddVerb(node, text);
    return {};
  }

  Result<void> AddPattern(const toml::node& node, const std::string& text) {
    auto pattern = LogPattern::Parse(text);
    if (!pattern) return Complain(node, "logs: " + pattern.error().message);
    grant_.scope.logs.push_back(std::move(*pattern));
    return {};
  }

  Result<void> AddLabel(const toml::node& node, const std::string& text) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Complain(node, "labels: '" + text + "' must be NAME=VALUE");
    }
    if (!grant_.scope.labels.emplace(text.substr(0, equals), text.substr(equals + 1)).second) {
      return Complain(node, "labels: '" + text.substr(0, equals) + "' stands there twice");
    }
    return {};
  }

  Result<void> AddVerb(const toml::node& node, const std::string& text) {
    const auto verb = ParseVerb(text);
    if (!verb) return Complain(node, "may: '" + text + "' must be read, write or admin");
    grant_.scope.may.Add(*verb);
    return {};
  }

  const std::string& file_name_;
  const toml::table& table_;
  Grant grant_;
};

void PrintTexts(std::string& out, std::string_view field, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out.append(field).append(" = [");
  for (size_t i = 0; i < texts.size(); ++i) {
    out.append(i > 0 ? ", " : "").append(TomlString(texts[i]));
  }
  out.append("]\n");
}

}  // namespace

Result<std::vector<Grant>> ReadTomlGrants(std::string_view text, const std::string& file_name) {
  std::vector<Grant> grants;
  try {
    const toml::table root = toml::parse(text, file_name);
    const toml::node* const node = root.get("grant");
    if (node == nullptr) return grants;
    const toml::array* const tables = node->as_array();
    if (tables == nullptr ||
        (!tables->empty() && !tables->is_homogeneous(toml::node_type::table))) {
      return Fail(ErrorCode::kInvalid, file_name + ":" + std::to_string(node->source().begin.line) +
                                           ": grant must be tables, each below a line [[grant]]");
    }
    for (const toml::node& table : *tables) {
      auto grant = GrantReader(file_name, *table.as_table()).Read();
      if (!grant) return Fail(grant.error());
      grants.push_back(std::move(*grant));
    }
    return grants;
  } catch (const toml::parse_error& error) {
    return Fail(ErrorCode::kInvalid, file_name + ":" + std::to_string(error.source().begin.line) +
                                         ": " + std::string(error.description()));
  }
}

std::string PrintGrants(const std::vector<Grant>& grants) {
  std::string out;
  for (const Grant& grant : grants) {
    out += "\n[[grant]]  # " + grant.origin + "\n";
    PrintTexts(out, "user", grant.users);
    PrintTexts(out, "group", grant.groups);
    if (grant.anyone) out += "anyone = true\n";
    if (grant.signed_in) out += "signed_in = true\n";
    std::vector<std::string> texts;
    texts.reserve(grant.scope.logs.size());
    for (const LogPattern& log : grant.scope.logs) texts.push_back(log.Text());
    PrintTexts(out, "logs", texts);
    texts.clear();
    for (const auto& [name, value] : grant.scope.labels) texts.push_back(name + "=" + value);
    PrintTexts(out, "labels", texts);
    texts.clear();
    for (const Verb verb : {Verb::kRead, Verb::kWrite, Verb::kAdmin}) {
      if (grant.scope.may.Has(verb)) texts.emplace_back(VerbName(verb));
    }
    PrintTexts(out, "may", texts);
  }
  return out;
}

}  // namespace tailrace
