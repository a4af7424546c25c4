#include "server/list_parameters.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "server/call.h"
#include "store/list_filter.h"

namespace tailrace {
namespace {

constexpr TimeNs kClockSlack = TimeNs{3600} * 1'000'000'000;

Result<std::optional<TimeNs>> TimeParameter(const Query& query, const std::string& name) {
  const auto text = query.Find(name);
  if (!text || text->empty()) return std::optional<TimeNs>();
  const auto time = ParseRfc3339(*text);
  if (!time) {
    return FailField(ErrorCode::kInvalid, name,
                     name + ": must be an RFC 3339 time, as 2026-11-23T06:33:00Z");
  }
  return time;
}

std::string TextParameter(const Query& query, std::string_view name) {
  return std::string(query.Find(name).value_or(std::string_view()));
}

Result<ListConditions> ParseConditions(const Query& query) {
  ListConditions conditions{.id = TextParameter(query, "id"),
                            .title = TextParameter(query, "title")};
  for (const std::string_view word : query.All("q")) conditions.words.emplace_back(word);
  if (const auto name = query.Find("outcome"); name && !name->empty()) {
    conditions.outcome = ParseOutcomeKind(*name);
    if (!conditions.outcome) {
      return FailField(ErrorCode::kInvalid, "outcome",
                       "outcome: must be succeeded, failed, cancelled or lost");
    }
  }
  const auto since = TimeParameter(query, "since");
  if (!since) return Fail(since.error());
  const auto until = TimeParameter(query, "until");
  if (!until) return Fail(until.error());
  conditions.since = *since;
  conditions.until = *until;
  return conditions;
}

}  // namespace

bool ListConditions::Fit(const LogInfo& info) const {
  if (outcome && (!info.outcome || info.outcome->kind != *outcome)) return false;
  if (since && info.created < *since) return false;
  if (until && info.created >= *until) return false;
  if (!ContainsText(info.key.id, id) || !ContainsText(info.title, title)) return false;
  const std::string path = info.key.Path();
  return std::ranges::all_of(words, [&](const std::string& word) {
    return ContainsText(info.title, word) || ContainsText(path, word);
  });
}

bool ListConditions::EndAt(const LogInfo& info) const {
  // Both are in range: times of 1678 and later, so the sum cannot overflow.
  return since && info.created <= INT64_MAX - kClockSlack && info.created + kClockSlack < *since;
}

Result<ListParameters> ParseListParameters(const Query& query) {
  ListParameters parameters;
  ListQuery& list = parameters.query;
  if (const auto type = query.Find("type"); type && !type->empty()) list.type = *type;
  if (const auto state = query.Find("state"); state && !state->empty()) {
    if (*state != "open" && *state != "ended") {
      return FailField(ErrorCode::kInvalid, "state", "state: must be open or ended");
    }
    list.ended = *state == "ended";
  }
  for (const std::string_view label : query.All("label")) {
    const size_t equals = label.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return FailField(ErrorCode::kInvalid, "label", "label: must be NAME=VALUE");
    }
    list.labels[std::string(label.substr(0, equals))] = label.substr(equals + 1);
  }
  const auto limit = DecimalParameter(query, "limit");
  if (!limit) return Fail(limit.error());
  list.limit = limit->value_or(list.limit);
  if (list.limit == 0 || list.limit > kMaxListLimit) {
    return FailField(ErrorCode::kInvalid, "limit",
                     "limit: must be 1 to " + std::to_string(kMaxListLimit));
  }
  if (const auto after = query.Find("after")) list.after = *after;
  auto conditions = ParseConditions(query);
  if (!conditions) return Fail(std::move(conditions.error()));
  parameters.conditions = std::move(*conditions);
  if (parameters.conditions.outcome) list.ended = list.ended.value_or(true);
  return parameters;
}

Result<ListAnswer> ListLogs(LogStore& store, const ListParameters& parameters) {
  bool at_end = false;
  ListQuery query = parameters.query;
  query.visible = [&](const LogInfo& info) {
    at_end = at_end || parameters.conditions.EndAt(info);
    if (!parameters.conditions.Fit(info)) return false;
    return parameters.query.visible == nullptr || parameters.query.visible(info);
  };
  auto list = store.List(query);
  if (list && at_end) list->next.clear();
  return list;
}

}  // namespace tailrace
