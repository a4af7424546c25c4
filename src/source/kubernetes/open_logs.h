// The rollouts that an earlier server has left open, as their logs tell them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "rollout/rollout.h"
#include "source/kubernetes/log_memory.h"
#include "store/log_store.h"

namespace tailrace {

struct OpenLog {
  LogKey key;
  std::unique_ptr<Rollout> rollout;
  LogMemory memory;
};

/// Reads each open log of the cluster once, from its last memo to its last entry. Blocks.
/// kUnavailable: the store, or `stop` became true.
Result<std::vector<OpenLog>> ReadOpenLogs(LogStore& store, const std::string& cluster,
                                          const RolloutOptions& options,
                                          const std::atomic<bool>& stop);

}  // namespace tailrace
