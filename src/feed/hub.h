// Hub: from the commit thread to the workers that have viewers.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "log/log_key.h"
#include "store/log_store.h"

namespace tailrace {

/// What one worker gets of one commit batch.
struct HubDelivery {
  uint64_t batch = 0;            ///< Counts the calls of Hub::Publish.
  std::vector<Commit> followed;  ///< Of logs that the worker follows, in commit order.
  std::vector<Commit> listed;  ///< Created, ended and removed logs, if the worker watches the list.
};

/// Costs a commit one look-up per log, and a worker nothing for logs that it does not follow.
class Hub {
 public:
  /// Called on the commit thread; must not block.
  using Sink = std::function<void(HubDelivery)>;
  static constexpr size_t kMaxWorkers = 64;

  /// One sink a worker, at most kMaxWorkers. `store` outlives the hub.
  Hub(LogStore& store, std::vector<Sink> sinks);

  /// Any thread; not counted: once a worker and log. What is committed after Follow returned is
  /// delivered; what was committed before is seen by a Stat that begins after it. Returns the last
  /// batch before it: one that is delivered up to that was meant for an earlier follower, and says
  /// nothing about what was committed between them.
  uint64_t Follow(size_t worker, const LogKey& key);
  void Unfollow(size_t worker, const LogKey& key);
  void WatchList(size_t worker, bool watch);

  /// The store's commit listener.
  void Publish(const std::vector<Commit>& commits);

 private:
  LogStore& store_;
  const std::vector<Sink> sinks_;
  std::mutex mutex_;
  std::unordered_map<LogKey, uint64_t> followers_;  // guarded by mutex_: a bit per worker
  uint64_t list_watchers_ = 0;                      // guarded by mutex_
  uint64_t batches_ = 0;                            // guarded by mutex_
};

}  // namespace tailrace
