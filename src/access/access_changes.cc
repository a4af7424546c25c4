#include "access/access_changes.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace tailrace {
namespace {

std::string Join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out.append(out.empty() ? "" : ",").append(part);
  return out;
}

std::string JoinLabels(const LabelMap& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out.append(out.empty() ? "" : ",").append(name).append("=").append(value);
  }
  return out;
}

AccessChange TokenChange(const std::string& what, const std::string& id, const Token& token) {
  return {what,
          {{"token", id},
           {"name", token.name},
           {"may", FormatVerbs(token.scope.may)},
           {"logs", FormatPatterns(token.scope.logs)},
           {"expires", token.expires ? FormatRfc3339(*token.expires) : "never"}}};
}

// Without its place in the file.
using GrantFields = std::vector<std::pair<std::string, std::string>>;

GrantFields FieldsOf(const Grant& grant) {
  GrantFields fields;
  const auto add = [&fields](std::string_view name, std::string value) {
    if (!value.empty()) fields.emplace_back(name, std::move(value));
  };
  add("user", Join(grant.users));
  add("group", Join(grant.groups));
  add("anyone", grant.anyone ? "yes" : "");
  add("signed_in", grant.signed_in ? "yes" : "");
  add("logs", FormatPatterns(grant.scope.logs));
  add("labels", JoinLabels(grant.scope.labels));
  add("may", FormatVerbs(grant.scope.may));
  return fields;
}

std::multiset<GrantFields> AllFields(const std::vector<Grant>& grants) {
  std::multiset<GrantFields> all;
  for (const Grant& grant : grants) all.insert(FieldsOf(grant));
  return all;
}

// Those of `these` that `others` have not.
void AddMissing(std::vector<AccessChange>& changes, const std::string& what,
                const std::multiset<GrantFields>& these, const std::multiset<GrantFields>& others) {
  std::vector<GrantFields> missing;
  std::ranges::set_difference(these, others, std::back_inserter(missing));
  for (GrantFields& fields : missing) changes.push_back({what, std::move(fields)});
}

}  // namespace

std::vector<AccessChange> ChangesOf(const Users& before, const Users& after) {
  std::vector<AccessChange> changes;
  for (const auto& [name, user] : before) {
    if (!after.contains(name)) changes.push_back({"user removed", {{"user", name}}});
  }
  for (const auto& [name, user] : after) {
    const auto old = before.find(name);
    if (old == before.end()) {
      changes.push_back({"user added", {{"user", name}, {"groups", Join(user.groups)}}});
      continue;
    }
    const bool password = old->second.password_hash != user.password_hash;
    const bool sessions = old->second.changed != user.changed;
    if (!password && !sessions && old->second.groups == user.groups) continue;
    changes.push_back({"user changed",
                       {{"user", name},
                        {"groups", Join(user.groups)},
                        {"password", password ? "new" : "same"},
                        {"sessions", sessions ? "ended" : "kept"}}});
  }
  return changes;
}

std::vector<AccessChange> ChangesOf(const Tokens& before, const Tokens& after) {
  std::vector<AccessChange> changes;
  for (const auto& [id, token] : before) {
    if (!after.contains(id)) changes.push_back(TokenChange("token revoked", id, token));
  }
  for (const auto& [id, token] : after) {
    if (!before.contains(id)) changes.push_back(TokenChange("token created", id, token));
  }
  return changes;
}

std::vector<AccessChange> ChangesOf(const std::vector<Grant>& before,
                                    const std::vector<Grant>& after) {
  std::vector<AccessChange> changes;
  const auto old = AllFields(before);
  const auto now = AllFields(after);
  AddMissing(changes, "grant removed", old, now);
  AddMissing(changes, "grant added", now, old);
  return changes;
}

}  // namespace tailrace
