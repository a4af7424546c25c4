// Timer: one deadline on a loop that may be moved and called off.
#pragma once

#include "io/loop.h"

namespace tailrace {

/// Loop thread. Dies before its loop.
class Timer {
 public:
  explicit Timer(Loop& loop);
  /// Calls it off.
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Runs `task` once after `delay_ms`, never during this call. Replaces what was set before.
  void Start(uint64_t delay_ms, Loop::Task task);
  void Stop();
  bool Running() const { return task_ != nullptr; }

 private:
  uv_timer_s* const timer_;  // libuv's until its close callback, hence not a member
  Loop::Task task_;
};

}  // namespace tailrace
