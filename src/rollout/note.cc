#include "rollout/note.h"

#include "base/text.h"

namespace tailrace {
namespace {

// FNV-1a: another process reads what this one has kept.
uint64_t Hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
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
  RecallHash(Hash(key), Hash(value));
}

void ToldNotes::RecallHash(uint64_t key, uint64_t value) {
  if (!Full()) values_[key] = value;
}

}  // namespace tailrace
