#include "ingest/json_entry.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/text.h"
#include "ingest/text_split.h"

namespace tailrace {
namespace {

// Above it, the memory for decoded text is given back after the object.
constexpr size_t kKeptBytes = 256 << 10;

enum Known : size_t {
  kText,
  kTextBase64,
  kTime,
  kStream,
  kSource,
  kLevel,
  kPartial,
  kLost,
  kN,
  kFields
};
constexpr std::array<std::string_view, 10> kKnownNames = {
    "text", "text_base64", "time", "stream", "source", "level", "partial", "lost", "n", "fields"};

std::string Quoted(std::string_view name) {
  std::string quoted;
  AppendJsonString(quoted, name);
  return quoted;
}

std::unexpected<Error> BadField(std::string_view name, const std::string& reason,
                                ErrorCode code = ErrorCode::kInvalid) {
  return FailField(code, std::string(name), "has a field " + Quoted(name) + " that " + reason);
}

std::unexpected<Error> WrongType(const JsonMember& member, std::string_view wanted) {
  return BadField(member.key,
                  "is " + std::string(JsonKindName(member.kind)) + ", not " + std::string(wanted));
}

Result<void> TakeName(const JsonMember& member, size_t max_bytes, std::string_view& value) {
  if (member.kind != JsonKind::kString) return WrongType(member, "a string");
  if (member.text.size() > max_bytes) {
    return BadField(member.key, "is longer than " + std::to_string(max_bytes) + " bytes",
                    ErrorCode::kTooLarge);
  }
  const bool clean = std::ranges::none_of(
      member.text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!clean) return BadField(member.key, "has a control character");
  value = member.text;
  return {};
}

Result<void> TakeTime(const JsonMember& member, TimeNs& time) {
  if (member.kind == JsonKind::kInteger) {
    time = member.integer;
    return {};
  }
  if (member.kind == JsonKind::kLargeInteger) return BadField(member.key, "is out of range");
  if (member.kind != JsonKind::kString) {
    return WrongType(member, "an RFC 3339 time or integer nanoseconds");
  }
  const std::optional<TimeNs> parsed = ParseRfc3339(member.text);
  if (!parsed) return BadField(member.key, "is not an RFC 3339 time, or out of range");
  time = *parsed;
  return {};
}

Result<void> TakeLost(const JsonMember& member, std::optional<uint64_t>& lost) {
  if (member.kind == JsonKind::kNull) {
    lost = kLostUnknown;
    return {};
  }
  if (member.kind != JsonKind::kInteger && member.kind != JsonKind::kLargeInteger) {
    return WrongType(member, "a count or null");
  }
  if (member.kind == JsonKind::kLargeInteger || member.integer < 0) {
    return BadField(member.key, "is out of range");
  }
  if (member.integer > 0) lost = static_cast<uint64_t>(member.integer);
  return {};
}

}  // namespace

JsonEntryReader::JsonEntryReader(const BodyLimits& limits, const Redactor* redactor)
    : limits_(limits),
      redactor_(redactor),
      split_(redactor, std::max(limits.entry_bytes, kMinEntryBytes)),
      reader_(limits.json_depth) {}

Result<void> JsonEntryReader::Read(std::string_view object, TimeNs now, EntryRun& out) {
  others_.clear();
  if (decoded_.capacity() > kKeptBytes) decoded_ = std::string();
  seen_ = 0;
  if (Result<void> parsed = reader_.Parse(object, members_); !parsed) return parsed;
  Entry entry{.time = now};
  for (const JsonMember& member : members_) {
    if (Result<void> taken = TakeMember(member, entry); !taken) return taken;
  }
  const uint32_t texts = seen_ & (1u << kText | 1u << kTextBase64);
  if (texts == 0) {
    return FailField(ErrorCode::kInvalid, "text", "has no field \"text\" or \"text_base64\"");
  }
  if (texts == (1u << kText | 1u << kTextBase64)) {
    return BadField("text_base64", "stands beside a field \"text\"");
  }
  if (Result<void> built = BuildFields(entry); !built) return built;
  split_.AddWhole(out, entry);
  return {};
}

Result<void> JsonEntryReader::TakeMember(const JsonMember& member, Entry& entry) {
  const auto* name = std::ranges::find(kKnownNames, member.key);
  if (name == kKnownNames.end()) {
    others_.push_back(member);
    return {};
  }
  const auto known = static_cast<Known>(name - kKnownNames.begin());
  if (seen_ & (1u << known)) return BadField(member.key, "comes twice");
  seen_ |= 1u << known;
  switch (known) {
    case kText:
      if (member.kind != JsonKind::kString) return WrongType(member, "a string");
      entry.text = member.text;
      return {};
    case kTextBase64:
      if (member.kind != JsonKind::kString) return WrongType(member, "a string");
      if (!DecodeBase64(member.text, decoded_)) return BadField(member.key, "is not base64");
      entry.text = decoded_;
      return {};
    case kTime:
      return TakeTime(member, entry.time);
    case kStream:
      return TakeName(member, kMaxStreamBytes, entry.stream);
    case kSource:
      return TakeName(member, kMaxSourceBytes, entry.source);
    case kLevel:
      return TakeName(member, kMaxLevelBytes, entry.level);
    case kPartial:
      if (member.kind != JsonKind::kBool) return WrongType(member, "a boolean");
      entry.partial = member.boolean;
      return {};
    case kLost:
      return TakeLost(member, entry.lost);
    case kN:
      return {};
    case kFields:
      if (member.kind == JsonKind::kObject) {
        reader_.AppendMembers(member, others_);
      } else {
        others_.push_back(member);
      }
      return {};
  }
  return {};
}

Result<void> JsonEntryReader::BuildFields(Entry& entry) {
  if (others_.empty()) return {};
  std::vector<std::string_view> keys;
  keys.reserve(others_.size());
  fields_.clear();
  for (const JsonMember& member : others_) {
    keys.push_back(member.key);
    fields_.push_back(fields_.empty() ? '{' : ',');
    AppendJsonString(fields_, member.key);
    fields_.push_back(':');
    reader_.AppendValue(member, fields_);
    if (fields_.size() >= limits_.fields_bytes) {
      return FailField(ErrorCode::kTooLarge, "fields",
                       "has more than " + std::to_string(limits_.fields_bytes) +
                           " bytes of other fields than text");
    }
  }
  fields_.push_back('}');
  std::ranges::sort(keys);
  if (const auto twice = std::ranges::adjacent_find(keys); twice != keys.end()) {
    return BadField(*twice, "comes twice");
  }
  if (redactor_ != nullptr) MaskFields();
  entry.fields = fields_;
  return {};
}

// A pattern that takes more than a value's characters may leave what is no JSON: then nothing of
// the fields is kept but that there were some.
void JsonEntryReader::MaskFields() {
  std::string masked = fields_;
  redactor_->Mask(masked);
  if (masked == fields_) return;
  std::vector<JsonMember> members;
  JsonReader checker(limits_.json_depth + 1);
  const bool sound = checker.Parse(masked, members).has_value();
  fields_ = sound ? std::move(masked) : std::string(R"({"redacted":true})");
}

}  // namespace tailrace
