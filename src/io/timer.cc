#include "io/timer.h"

#include <uv.h>

#include <utility>

#include "base/check.h"

namespace tailrace {

Timer::Timer(Loop& loop) : timer_(new uv_timer_t) {
  CHECK(uv_timer_init(loop.Raw(), timer_) == 0);
  timer_->data = this;
}

Timer::~Timer() {
  uv_close(reinterpret_cast<uv_handle_t*>(timer_),
           [](uv_handle_t* closed) { delete reinterpret_cast<uv_timer_t*>(closed); });
}

void Timer::Start(uint64_t delay_ms, Loop::Task task) {
  task_ = std::move(task);
  // libuv counts from the start of the turn, which may be long ago.
  uv_update_time(timer_->loop);
  const auto fire = [](uv_timer_t* timer) {
    // The task may start the timer again or destroy it.
    Loop::Task due = std::exchange(static_cast<Timer*>(timer->data)->task_, nullptr);
    due();
  };
  uv_timer_start(timer_, fire, delay_ms, 0);
}

void Timer::Stop() {
  uv_timer_stop(timer_);
  task_ = nullptr;
}

}  // namespace tailrace
