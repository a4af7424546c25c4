// The rollouts that an earlier server has left open, as their logs tell them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "rollout/rollout.h"
#include "source/kubernetes/follow_entries.h"
#include "store/log_store.h"

namespace tailrace {

struct OpenLog {
  LogKey key;
  std::unique_ptr<Rollout> rollout;
  FollowRecovery recovery;
};

/// Reads each open log of the cluster once, from its first entry to its last. Blocks. kUnavailable:
/// the store, or `stop` became true.
Result<std::vector<OpenLog>> ReadOpenLogs(LogStore& store, const std::string& cluster,
                                          const RolloutOptions& options,
                                          const std::atomic<bool>& stop);

}  // namespace tailrace
