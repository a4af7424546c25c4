#include "ingest/small_body.h"

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

// Names that are longer have nothing to do with ours, and the distance takes quadratic time.
constexpr size_t kMaxSuggestedBytes = 32;

std::string Suggestion(std::string_view name, std::span<const std::string_view> known) {
  const auto distance = [&](std::string_view other) { return EditDistance(name, other); };
  std::string text = "is not known";
  if (name.size() <= kMaxSuggestedBytes) {
    const std::string_view nearest = *std::ranges::min_element(known, {}, distance);
    if (distance(nearest) <= nearest.size() / 2) {
      return text.append("; did you mean \"").append(nearest).append("\"?");
    }
  }
  text.append("; known are");
  for (size_t i = 0; i < known.size(); ++i) {
    text.append(i == 0 ? " " : ", ").append(known[i]);
  }
  return text;
}

}  // namespace

std::unexpected<Error> RefuseField(std::string_view name, const std::string& reason,
                                   ErrorCode code) {
  std::string message = "field ";
  AppendJsonString(message, name);
  return FailField(code, std::string(name), message + " " + reason);
}

Result<std::vector<JsonMember>> ReadKnownMembers(JsonReader& reader, std::string_view body,
                                                 std::span<const std::string_view> known) {
  std::vector<JsonMember> members;
  if (Result<void> parsed = reader.Parse(body, members); !parsed) {
    parsed.error().message.insert(0, "the body ");
    return Fail(std::move(parsed.error()));
  }
  for (size_t i = 0; i < members.size(); ++i) {
    const std::string_view key = members[i].key;
    if (std::ranges::find(known, key) == known.end()) {
      return RefuseField(key, Suggestion(key, known));
    }
    // Known and not twice: at most known.size() are looked at.
    const auto earlier = std::span(members).first(i);
    if (std::ranges::find(earlier, key, &JsonMember::key) != earlier.end()) {
      return RefuseField(key, "comes twice");
    }
  }
  return members;
}

Result<std::string> TakeString(const JsonMember& member, size_t max_bytes) {
  if (member.kind != JsonKind::kString) {
    return RefuseField(member.key,
                       "is " + std::string(JsonKindName(member.kind)) + ", not a string");
  }
  if (member.text.size() > max_bytes) {
    return RefuseField(member.key, "is longer than " + std::to_string(max_bytes) + " bytes",
                       ErrorCode::kTooLarge);
  }
  return std::string(member.text);
}

}  // namespace tailrace
