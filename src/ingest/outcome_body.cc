#include "ingest/outcome_body.h"

#include "ingest/small_body.h"

namespace tailrace {
namespace {

constexpr std::string_view kMembers[] = {"outcome", "exit_code", "reason"};
constexpr size_t kMaxDepth = 4;
constexpr size_t kMaxOutcomeBytes = 32;
constexpr std::string_view kOutcomes = "succeeded, failed, cancelled or lost";

Result<OutcomeKind> TakeOutcome(const JsonMember& member) {
  Result<std::string> name = TakeString(member, kMaxOutcomeBytes);
  if (!name) return Fail(std::move(name.error()));
  const std::optional<OutcomeKind> kind = ParseOutcomeKind(*name);
  if (!kind) return RefuseField(member.key, "is not " + std::string(kOutcomes));
  return *kind;
}

Result<void> TakeMember(const JsonMember& member, Outcome& outcome) {
  if (member.key == "outcome") {
    Result<OutcomeKind> kind = TakeOutcome(member);
    if (!kind) return Fail(std::move(kind.error()));
    outcome.kind = *kind;
  } else if (member.kind == JsonKind::kNull) {
    return {};
  } else if (member.key == "exit_code") {
    if (member.kind != JsonKind::kInteger) {
      return RefuseField(member.key, "is not an integer of 64 bits");
    }
    outcome.exit_code = member.integer;
  } else {
    Result<std::string> reason = TakeString(member, kMaxReasonBytes);
    if (!reason) return Fail(std::move(reason.error()));
    outcome.reason = std::move(*reason);
  }
  return {};
}

}  // namespace

Result<Outcome> ParseOutcomeBody(std::string_view body) {
  JsonReader reader(kMaxDepth);
  Result<std::vector<JsonMember>> members = ReadKnownMembers(reader, body, kMembers);
  if (!members) return Fail(std::move(members.error()));
  Outcome outcome;
  bool has_outcome = false;
  for (const JsonMember& member : *members) {
    if (Result<void> taken = TakeMember(member, outcome); !taken) {
      return Fail(std::move(taken.error()));
    }
    has_outcome |= member.key == "outcome";
  }
  if (!has_outcome) {
    return RefuseField("outcome", "is missing; it is " + std::string(kOutcomes));
  }
  return outcome;
}

}  // namespace tailrace
