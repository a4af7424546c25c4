// LogMemory: what a rollout's log says about how far the rollout was told and read, of each entry
// that goes into it; and the memo that stands for entries which retention has cut.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "log/entry.h"
#include "rollout/rollout.h"
#include "source/kubernetes/follow_entries.h"

namespace tailrace {

/// One thread. Memory: for each container that was in the log, and each thing that was told.
class LogMemory {
 public:
  /// A memo is due behind so many bytes of entries, or more if it is large itself.
  static constexpr uint64_t kBytesBetweenMemos = 1 << 20;

  /// `blank`: has been told nothing.
  explicit LogMemory(Rollout blank) : rollout_(std::move(blank)) {}

  void Take(const EntryRun& run);
  void Take(const Entry& entry);
  /// Goes with what was taken last, or later if nothing. The first one is due at once, so that no
  /// entry is ever cut that no memo stands for.
  std::optional<std::string> DueMemo();
  /// Stands for all entries that the memo does. Before the first Take. False: it is damaged, and
  /// nothing has changed.
  [[nodiscard]] bool Restore(std::string_view memo);

  /// The rollout, as far as its log tells.
  const Rollout& rollout() const { return rollout_; }
  const FollowRecovery& recovery() const { return recovery_; }

 private:
  Rollout rollout_;
  FollowRecovery recovery_;
  uint64_t bytes_ = 0;  ///< Taken since the last memo.
  uint64_t due_ = 0;    ///< At so many the next one is.
};

}  // namespace tailrace
