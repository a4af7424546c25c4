// SpoolQueue: stands before the spool's writer, so that whoever reads a command's output never
// waits for the disk.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "source/recorder.h"

namespace tailrace {

/// Runs wait here in memory, at most about `limit_bytes`, for a thread of its own that hands them
/// to `target` in order. When it is full it takes nothing until half of it is free.
class SpoolQueue final : public RunTarget {
 public:
  struct Options {
    size_t limit_bytes = 16 << 20;
    /// Called on the thread when Full() has become false.
    std::function<void()> on_room;
    /// Called by Take when it refuses a run for the first time.
    std::function<void()> on_loss;
  };

  /// `target` belongs to the thread until this object is destroyed.
  SpoolQueue(RunTarget& target, Options options);
  /// Hands on all that waits, however long that takes, and joins.
  ~SpoolQueue() override;

  // One thread fills it.

  /// False: it is full. A run that finds room is taken whole, so the limit may be exceeded by one.
  bool Take(RecordedRun& run) override;
  /// Always has room.
  void Finish(std::optional<Outcome> outcome, uint64_t lost, TimeNs now) override;

  // Any thread.

  bool Full() const;
  /// How many runs the target has had: whether it moves.
  uint64_t Done() const;
  /// False: after so long something still waits, so the target hangs and the destructor would too.
  bool WaitUntilEmpty(int64_t timeout_ms) const;

 private:
  struct End {
    std::optional<Outcome> outcome;
    uint64_t lost = 0;
    TimeNs now = 0;
  };
  void Run();
  void HandOn(std::deque<RecordedRun>& runs);

  RunTarget& target_;
  const Options options_;
  bool loss_said_ = false;  ///< Of who fills it.

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<RecordedRun> waiting_;
  std::vector<std::string> spare_;  ///< Memory of runs that were handed on.
  std::optional<End> end_;
  size_t waiting_bytes_ = 0;  ///< Also those being handed on.
  uint64_t done_ = 0;
  bool full_ = false;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;  // Last: it uses the others.
};

/// Tells a disk that is slow, for which a command's output may be held back as a slow pipe would
/// do, from one that hangs. One thread.
class StallWatch {
 public:
  explicit StallWatch(int64_t patience_ms) : patience_ms_(patience_ms) {}

  /// Until when to hold the output back; nothing: do not. `full` and `done` are the queue's.
  std::optional<int64_t> HoldUntilMs(bool full, uint64_t done, int64_t now_ms);

 private:
  const int64_t patience_ms_;
  std::optional<int64_t> since_ms_;  ///< Full and not moved.
  uint64_t done_ = 0;
};

}  // namespace tailrace
