#include "rollout/note.h"

#include <functional>

#include "base/text.h"

namespace tailrace {
namespace {

uint64_t Hash(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

}  // namespace

std::string_view NoteLevelName(NoteLevel level) {
  switch (level) {
    case NoteLevel::kInfo:
      return "info";
    case NoteLevel::kWarning:
      return "warning";
    case NoteLevel::kError:
      return "error";
  }
  return "";
}

std::string NoteFields(const Note& note) {
  std::string fields = "{\"key\":";
  AppendJsonString(fields, note.key);
  fields += ",\"value\":";
  AppendJsonString(fields, note.value);
  fields += '}';
  return fields;
}

bool ToldNotes::Take(const Note& note) {
  const uint64_t key = Hash(note.key);
  const uint64_t value = Hash(note.value);
  const auto found = values_.find(key);
  if (found != values_.end()) {
    if (found->second == value) return false;
    found->second = value;
    return !note.text.empty();
  }
  if (Full()) return false;
  values_.emplace(key, value);
  return !note.quiet_first && !note.text.empty();
}

void ToldNotes::Recall(std::string_view key, std::string_view value) {
  if (!Full()) values_[Hash(key)] = Hash(value);
}

}  // namespace tailrace
