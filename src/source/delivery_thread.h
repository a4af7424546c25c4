// DeliveryThread: runs a Delivery beside whatever fills the spool.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "source/delivery.h"

namespace tailrace {

/// Takes a step's request to the server and waits for the answer.
class LogTransport {
 public:
  virtual ~LogTransport() = default;
  /// The delivery thread. kCreate, kAppend and kEnd only.
  virtual DeliveryReply Send(const DeliveryStep& step) = 0;
  /// Any thread: makes a Send that waits, and all later ones, return soon with status 0.
  virtual void Cancel() = 0;
};

class DeliveryThread {
 public:
  enum class State : uint8_t { kRunning, kDone, kFailed };

  /// Starts at once. `on_end` is called on the thread when State() is no longer kRunning. All that
  /// is given must outlive this object.
  DeliveryThread(Spool& spool, LogTransport& transport, Random& random, Say say,
                 std::function<void()> on_end, DeliveryLimits limits = {});
  /// Stops and joins.
  ~DeliveryThread();

  void Stop();
  State GetState() const { return state_; }
  /// Of kFailed.
  std::string Problem() const;
  /// Blocks until the state is no longer kRunning or `stop()` holds; Wake() looks at it again.
  void WaitForEnd(int64_t timeout_ms, const std::function<bool()>& stop);
  void Wake();

 private:
  void Run();
  void Pause(int64_t wait_ms);
  void End(State state);

  Spool& spool_;
  LogTransport& transport_;
  Delivery delivery_;
  const std::function<void()> on_end_;
  std::atomic<State> state_ = State::kRunning;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string problem_;
  std::thread thread_;  // Last: it uses the others.
};

/// Milliseconds of the monotonic clock.
int64_t SteadyMs();

}  // namespace tailrace
