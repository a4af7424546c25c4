#include "source/delivery_thread.h"

#include <chrono>

namespace tailrace {
namespace {

constexpr int64_t kLookAgainMs = 60'000;

}  // namespace

int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

DeliveryThread::DeliveryThread(Spool& spool, LogTransport& transport, Random& random, Say say,
                               std::function<void()> on_end, DeliveryLimits limits)
    : spool_(spool),
      transport_(transport),
      delivery_(spool, random, limits, std::move(say)),
      on_end_(std::move(on_end)),
      thread_([this] { Run(); }) {}

DeliveryThread::~DeliveryThread() {
  Stop();
}

void DeliveryThread::Stop() {
  stopping_ = true;
  transport_.Cancel();
  spool_.Wake();
  Wake();
  if (thread_.joinable()) thread_.join();
}

void DeliveryThread::Run() {
  while (!stopping_) {
    const DeliveryStep step = delivery_.Next(SteadyMs());
    switch (step.kind) {
      case DeliveryStep::Kind::kDone:
        return End(State::kDone);
      case DeliveryStep::Kind::kFailed:
        return End(State::kFailed);
      case DeliveryStep::Kind::kWaitData:
        spool_.WaitForData(kLookAgainMs, [this] { return stopping_.load(); });
        break;
      case DeliveryStep::Kind::kWaitTime:
        Pause(step.wait_ms);
        break;
      default: {
        const DeliveryReply reply = transport_.Send(step);
        if (!stopping_) delivery_.OnReply(reply, SteadyMs());
      }
    }
  }
}

void DeliveryThread::Pause(int64_t wait_ms) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return stopping_.load(); });
}

void DeliveryThread::End(State state) {
  {
    const std::lock_guard lock(mutex_);
    problem_ = delivery_.Problem();
    state_ = state;
    changed_.notify_all();
  }
  on_end_();
}

std::string DeliveryThread::Problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void DeliveryThread::WaitForEnd(int64_t timeout_ms, const std::function<bool()>& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                    [&] { return state_ != State::kRunning || stop(); });
}

void DeliveryThread::Wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

}  // namespace tailrace
