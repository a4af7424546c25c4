#include "log/log_info.h"

#include <array>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr std::array<std::string_view, 4> kOutcomeNames = {"succeeded", "failed", "cancelled",
                                                           "lost"};

void AppendTime(std::string& out, std::string_view name, TimeNs time) {
  out.append(name).append("\"");
  AppendRfc3339(out, time);
  out.push_back('"');
}

void AppendLabels(std::string& out, const Labels& labels) {
  out.push_back('{');
  bool first = true;
  for (const auto& [name, value] : labels) {
    if (!first) out.push_back(',');
    first = false;
    AppendJsonString(out, name);
    out.push_back(':');
    AppendJsonString(out, value);
  }
  out.push_back('}');
}

}  // namespace

std::string_view OutcomeName(OutcomeKind kind) {
  return kOutcomeNames[static_cast<size_t>(kind)];
}

std::optional<OutcomeKind> ParseOutcomeKind(std::string_view name) {
  for (size_t i = 0; i < kOutcomeNames.size(); ++i) {
    if (kOutcomeNames[i] == name) return static_cast<OutcomeKind>(i);
  }
  return std::nullopt;
}

void AppendOutcomeFields(std::string& out, const std::optional<Outcome>& outcome) {
  out.append("\"outcome\":");
  if (outcome) {
    AppendJsonString(out, OutcomeName(outcome->kind));
  } else {
    out.append("null");
  }
  out.append(",\"exit_code\":");
  out.append(outcome && outcome->exit_code ? std::to_string(*outcome->exit_code) : "null");
  out.append(",\"reason\":");
  if (outcome && !outcome->reason.empty()) {
    AppendJsonString(out, outcome->reason);
  } else {
    out.append("null");
  }
}

void AppendLogInfoJson(std::string& out, const LogInfo& info) {
  out.append("{\"type\":");
  AppendJsonString(out, info.key.type);
  out.append(",\"id\":");
  AppendJsonString(out, info.key.id);
  out.append(",\"title\":");
  AppendJsonString(out, info.title);
  out.append(",\"labels\":");
  AppendLabels(out, info.labels);
  out.append(",\"incarnation\":");
  AppendJsonString(out, info.incarnation);
  out.append(info.HasEnded() ? ",\"state\":\"ended\"," : ",\"state\":\"open\",");
  AppendOutcomeFields(out, info.outcome);
  out.append(",\"first\":").append(std::to_string(info.first));
  out.append(",\"position\":").append(std::to_string(info.position));
  out.append(",\"bytes\":").append(std::to_string(info.bytes));
  AppendTime(out, ",\"created\":", info.created);
  AppendTime(out, ",\"updated\":", info.updated);
  if (info.ended) {
    AppendTime(out, ",\"ended\":", *info.ended);
  } else {
    out.append(",\"ended\":null");
  }
  out.push_back('}');
}

}  // namespace tailrace
