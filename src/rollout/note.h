// Note: something that changed in the cluster and is told in a rollout's log, once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "log/entry.h"

namespace tailrace {

enum class NoteLevel : uint8_t { kInfo, kWarning, kError };

/// "info", "warning", "error".
std::string_view NoteLevelName(NoteLevel level);

struct Note {
  std::string key;     ///< What it is about, as in "pod/UID/scheduled".
  std::string value;   ///< What it is now. The same value of a key is told once.
  std::string source;  ///< "web-7d9f", "web-7d9f/app", "deployment/web"
  std::string text;
  NoteLevel level = NoteLevel::kInfo;
  TimeNs time = 0;           ///< When it happened; 0: now.
  bool quiet_first = false;  ///< Told only if another value of the key was known before.
};

/// The stream of all notes' entries.
inline constexpr std::string_view kEventStream = "event";

/// {"key":…,"value":…}: what an entry's `fields` hold, so that a log tells what it has told.
std::string NoteFields(const Note& note);

/// What a log has told. It is in the log itself, so a restarted server knows it by reading that.
/// At most kMaxKeys; what is beyond is not told, and Full() says so.
class ToldNotes {
 public:
  static constexpr size_t kMaxKeys = 65'536;

  /// True: the note is new and is to be told; from then on it counts as told.
  bool Take(const Note& note);
  void Recall(std::string_view key, std::string_view value);
  bool Full() const { return values_.size() >= kMaxKeys; }

  /// By the key's hash the value's, the same in every process.
  using Hashes = std::unordered_map<uint64_t, uint64_t>;
  const Hashes& hashes() const { return values_; }
  void RecallHash(uint64_t key, uint64_t value);

 private:
  Hashes values_;
};

}  // namespace tailrace
