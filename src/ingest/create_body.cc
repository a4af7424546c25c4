#include "ingest/create_body.h"

#include "ingest/small_body.h"

namespace tailrace {
namespace {

constexpr std::string_view kMembers[] = {"title", "labels"};
constexpr size_t kMaxDepth = 4;

Result<Labels> TakeLabels(JsonReader& reader, const JsonMember& member) {
  if (member.kind != JsonKind::kObject) {
    return RefuseField(member.key,
                       "is " + std::string(JsonKindName(member.kind)) + ", not an object");
  }
  std::vector<JsonMember> members;
  reader.AppendMembers(member, members);
  if (members.size() > kMaxLabels) {
    return RefuseField(member.key, "has more than " + std::to_string(kMaxLabels) + " labels",
                       ErrorCode::kTooLarge);
  }
  Labels labels;
  for (JsonMember& label : members) {
    const std::string name(label.key);
    if (name.empty() || name.size() > kMaxLabelBytes) {
      return RefuseField("labels", "has a name that is empty or longer than " +
                                       std::to_string(kMaxLabelBytes) + " bytes");
    }
    const std::string path = "labels." + name;
    label.key = path;
    Result<std::string> value = TakeString(label, kMaxLabelBytes);
    if (!value) return Fail(std::move(value.error()));
    if (!labels.emplace(name, std::move(*value)).second) return RefuseField(path, "comes twice");
  }
  return labels;
}

}  // namespace

Result<CreateBody> ParseCreateBody(std::string_view body) {
  CreateBody create;
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return create;
  JsonReader reader(kMaxDepth);
  Result<std::vector<JsonMember>> members = ReadKnownMembers(reader, body, kMembers);
  if (!members) return Fail(std::move(members.error()));
  for (const JsonMember& member : *members) {
    if (member.key == "title") {
      Result<std::string> title = TakeString(member, kMaxTitleBytes);
      if (!title) return Fail(std::move(title.error()));
      create.title = std::move(*title);
    } else {
      Result<Labels> labels = TakeLabels(reader, member);
      if (!labels) return Fail(std::move(labels.error()));
      create.labels = std::move(*labels);
    }
  }
  return create;
}

}  // namespace tailrace
