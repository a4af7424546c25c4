#include "access/grants.h"

#include <algorithm>
#include <array>
#include <utility>

#include "access/identity.h"

namespace tailrace {
namespace {

constexpr std::array<std::string_view, 3> kVerbNames = {"read", "write", "admin"};

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::string_view VerbName(Verb verb) {
  return kVerbNames[static_cast<size_t>(verb)];
}

std::optional<Verb> ParseVerb(std::string_view name) {
  for (size_t i = 0; i < kVerbNames.size(); ++i) {
    if (kVerbNames[i] == name) return static_cast<Verb>(i);
  }
  return std::nullopt;
}

bool Scope::FitsName(std::string_view type, std::string_view id) const {
  return std::ranges::any_of(logs, [&](const LogPattern& log) { return log.Fits(type, id); });
}

bool Scope::FitsLabels(const LabelMap& of_log) const {
  return std::ranges::all_of(labels, [&](const auto& label) {
    const auto found = of_log.find(label.first);
    return found != of_log.end() && found->second == label.second;
  });
}

bool Grant::IsFor(const Identity& identity) const {
  if (anyone) return true;
  if (identity.scopes || !identity.IsSomebody()) return false;
  if (signed_in) return true;
  if (!identity.user.empty() && Contains(users, identity.user)) return true;
  return std::ranges::any_of(identity.groups,
                             [&](const std::string& group) { return Contains(groups, group); });
}

PolicyPtr OpenPolicy() {
  static const PolicyPtr kOpen = [] {
    Grant all;
    all.anyone = true;
    all.scope.may = {Verb::kRead, Verb::kWrite, Verb::kAdmin};
    all.scope.logs = {*LogPattern::Parse("*")};
    Policy policy;
    policy.grants.push_back(std::move(all));
    return std::make_shared<const Policy>(std::move(policy));
  }();
  return kOpen;
}

Rights::Rights(PolicyPtr policy, IdentityPtr identity)
    : policy_(std::move(policy)), identity_(std::move(identity)) {
  for (const Grant& grant : policy_->grants) {
    if (grant.IsFor(*identity_)) scopes_.push_back(&grant.scope);
  }
  if (!identity_->scopes) return;
  for (const Scope& scope : *identity_->scopes) scopes_.push_back(&scope);
}

NameVerdict Rights::To(Verb verb, std::string_view type, std::string_view id) const {
  NameVerdict verdict = NameVerdict::kNo;
  for (const Scope* scope : scopes_) {
    if (!scope->may.Covers(verb) || !scope->FitsName(type, id)) continue;
    if (scope->labels.empty()) return NameVerdict::kYes;
    verdict = NameVerdict::kByLabels;
  }
  return verdict;
}

bool Rights::To(Verb verb, std::string_view type, std::string_view id,
                const LabelMap& labels) const {
  return std::ranges::any_of(scopes_, [&](const Scope* scope) {
    return scope->may.Covers(verb) && scope->FitsName(type, id) && scope->FitsLabels(labels);
  });
}

bool Rights::ToAll(Verb verb) const {
  return std::ranges::any_of(scopes_, [&](const Scope* scope) {
    return scope->may.Covers(verb) && scope->labels.empty() &&
           std::ranges::any_of(scope->logs, &LogPattern::FitsAll);
  });
}

bool Rights::ToSome(Verb verb) const {
  return std::ranges::any_of(scopes_, [&](const Scope* scope) { return scope->may.Covers(verb); });
}

}  // namespace tailrace
