// LogCache: the states of logs that were written lately, so that a commit to them reads nothing
// from the backend, and what the commit under way makes of them. On the commit thread.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "store/commit_plan.h"

namespace tailrace {

struct CachedLog {
  LogState state;             ///< As of the last commit; moved from while there is a draft.
  LogDraft* draft = nullptr;  ///< Of the commit under way, which changes the log.

  const LogState& Now() const { return draft != nullptr ? draft->state : state; }
};

/// Two generations instead of a list: what was not asked for while one filled up is forgotten.
/// Being found costs a log no more than the look-up.
class LogCache {
 public:
  /// Keeps about so much, as estimated.
  explicit LogCache(uint64_t limit_bytes) : generation_bytes_(limit_bytes / 2) {}

  /// Null: not there. Pointers are good until Erase or the next Trim.
  CachedLog* Find(const LogKey& key);
  /// A log that is not there.
  CachedLog& Add(LogState state);
  void Erase(const LogKey& key);
  void Clear();
  /// Forgets what is too much. Between commits.
  void Trim();

 private:
  /// Not noexcept, so that the table keeps the hashes.
  struct Hash {
    size_t operator()(const LogKey& key) const { return std::hash<LogKey>{}(key); }
  };
  using Logs = std::unordered_map<LogKey, CachedLog, Hash>;

  const uint64_t generation_bytes_;
  uint64_t bytes_ = 0;  ///< Of young_.
  Logs young_;
  Logs old_;
};

}  // namespace tailrace
