// Loop: one thread's event loop (libuv). Everything in this module that is not marked "any thread"
// belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

struct uv_loop_s;
struct uv_timer_s;

namespace tailrace {

class Loop {
 public:
  using Task = std::move_only_function<void()>;

  Loop();
  /// Runs no more tasks; what was posted and not run is destroyed.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Handles events until Stop.
  void Run();
  /// Any thread: Run returns at the end of its turn.
  void Stop();

  /// Any thread: the loop's mailbox, the only way in from outside. Tasks of one thread run in
  /// order. Wakes the loop only if its mailbox was empty.
  void Post(Task task);

  /// Runs at the end of each turn, before the loop sleeps. Returns true if it has more to do: then
  /// the loop only looks for events and comes back. Set once, before Run.
  void SetTurnEnd(std::function<bool()> hook);

  /// `work` runs on a thread of the process's reader pool (libuv's; UV_THREADPOOL_SIZE), then
  /// `done` on this loop. Both are called exactly once unless the loop is destroyed before.
  void RunInPool(Task work, Task done);
  /// Pool tasks that have not come back.
  size_t PoolTasks() const { return pool_tasks_; }
  /// After Run has returned: handles events until no pool task is under way.
  void DrainPool();

  /// Calls `hook` once when `deadline_ms` (NowMs clock) has come. One deadline a loop; a later call
  /// replaces it.
  void SetWakeUp(uint64_t deadline_ms, std::function<void()> hook);

  /// Runs `task` once after `delay_ms`. For rare things: it allocates a timer.
  void After(uint64_t delay_ms, Task task);

  /// Calls `hook` for each of SIGTERM and SIGINT.
  void OnSignals(std::function<void(int signal)> hook);
  /// Calls `hook` for each SIGHUP, which without this ends the process.
  void OnHangUp(std::function<void()> hook);

  /// Monotonic milliseconds as of the start of this turn.
  uint64_t NowMs() const;

  /// 64 KiB to read into; its content is anybody's between two events.
  static constexpr size_t kReadBufferBytes = 64 << 10;
  char* ReadBuffer() { return read_buffer_.get(); }
  /// 16 KiB to join small writes in; its content is anybody's between two calls.
  static constexpr size_t kRecordBufferBytes = 16 << 10;
  char* RecordBuffer() { return record_buffer_.get(); }

  /// Asked before each step that costs hundreds of microseconds, as a TLS handshake does. False:
  /// this turn has had enough of them; everything else is served before the next one.
  bool TakeSlowStep();

  uv_loop_s* Raw();

 private:
  struct Handles;
  void DrainMailbox();
  void EndTurn();

  std::unique_ptr<Handles> handles_;
  std::unique_ptr<char[]> read_buffer_;
  std::unique_ptr<char[]> record_buffer_;
  std::function<bool()> turn_end_;
  std::function<void()> wake_up_;
  std::function<void(int)> on_signal_;
  std::function<void()> on_hang_up_;
  std::unordered_set<uv_timer_s*> timers_;  // of After
  size_t pool_tasks_ = 0;
  int slow_steps_ = 0;  // of this turn
  bool idle_running_ = false;

  std::mutex mutex_;
  std::vector<Task> mailbox_;  // guarded by mutex_
  std::vector<Task> running_;  // loop thread; swapped with mailbox_
};

}  // namespace tailrace
