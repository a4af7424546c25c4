#include "io/loop.h"

#include <uv.h>

#include <csignal>
#include <utility>

#include "base/check.h"

namespace tailrace {
namespace {

constexpr int kSlowStepsPerTurn = 8;

struct PoolTask {
  uv_work_t request;
  Loop::Task work;
  Loop::Task done;
  size_t* outstanding;
};

struct OneShot {
  uv_timer_t timer;
  Loop::Task task;
};

}  // namespace

struct Loop::Handles {
  uv_loop_t loop;
  uv_async_t mailbox;
  uv_prepare_t prepare;
  uv_idle_t idle;
  uv_timer_t wake_up;
  uv_signal_t sigterm;
  uv_signal_t sigint;
  uv_signal_t sighup;
};

Loop::Loop()
    : handles_(std::make_unique<Handles>()),
      read_buffer_(std::make_unique_for_overwrite<char[]>(kReadBufferBytes)),
      record_buffer_(std::make_unique_for_overwrite<char[]>(kRecordBufferBytes)) {
  uv_loop_t* loop = &handles_->loop;
  CHECK(uv_loop_init(loop) == 0);
  loop->data = this;
  CHECK(uv_async_init(loop, &handles_->mailbox, [](uv_async_t* handle) {
          static_cast<Loop*>(handle->loop->data)->DrainMailbox();
        }) == 0);
  CHECK(uv_prepare_init(loop, &handles_->prepare) == 0);
  CHECK(uv_idle_init(loop, &handles_->idle) == 0);
  CHECK(uv_timer_init(loop, &handles_->wake_up) == 0);
  CHECK(uv_signal_init(loop, &handles_->sigterm) == 0);
  CHECK(uv_signal_init(loop, &handles_->sigint) == 0);
  CHECK(uv_signal_init(loop, &handles_->sighup) == 0);
  CHECK(uv_prepare_start(&handles_->prepare, [](uv_prepare_t* handle) {
          static_cast<Loop*>(handle->loop->data)->EndTurn();
        }) == 0);
}

Loop::~Loop() {
  uv_loop_t* loop = &handles_->loop;
  turn_end_ = nullptr;
  for (uv_timer_t* timer : timers_) {
    uv_close(reinterpret_cast<uv_handle_t*>(timer),
             [](uv_handle_t* closed) { delete static_cast<OneShot*>(closed->data); });
  }
  uv_walk(
      loop,
      [](uv_handle_t* handle, void*) {
        if (!uv_is_closing(handle)) uv_close(handle, nullptr);
      },
      nullptr);
  uv_run(loop, UV_RUN_DEFAULT);  // close callbacks, and pool tasks that are still under way
  CHECK(uv_loop_close(loop) == 0);
}

void Loop::Run() {
  uv_run(&handles_->loop, UV_RUN_DEFAULT);
}

void Loop::Stop() {
  Post([this] { uv_stop(&handles_->loop); });
}

void Loop::Post(Task task) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = mailbox_.empty();
    mailbox_.push_back(std::move(task));
  }
  if (was_empty) uv_async_send(&handles_->mailbox);
}

void Loop::DrainMailbox() {
  {
    const std::lock_guard lock(mutex_);
    running_.swap(mailbox_);
  }
  for (Task& task : running_) task();
  running_.clear();
}

void Loop::SetTurnEnd(std::function<bool()> hook) {
  turn_end_ = std::move(hook);
}

bool Loop::TakeSlowStep() {
  return slow_steps_++ < kSlowStepsPerTurn;
}

void Loop::EndTurn() {
  slow_steps_ = 0;
  const bool more = turn_end_ && turn_end_();
  if (more == idle_running_) return;
  idle_running_ = more;
  if (more) {
    uv_idle_start(&handles_->idle, [](uv_idle_t*) {});  // keeps the poll from sleeping
  } else {
    uv_idle_stop(&handles_->idle);
  }
}

void Loop::RunInPool(Task work, Task done) {
  auto* task = new PoolTask{{}, std::move(work), std::move(done), &pool_tasks_};
  task->request.data = task;
  ++pool_tasks_;
  const auto run = [](uv_work_t* request) { static_cast<PoolTask*>(request->data)->work(); };
  const auto finish = [](uv_work_t* request, int) {
    const std::unique_ptr<PoolTask> finished(static_cast<PoolTask*>(request->data));
    --*finished->outstanding;
    finished->done();
  };
  CHECK(uv_queue_work(&handles_->loop, &task->request, run, finish) == 0);
}

void Loop::DrainPool() {
  while (pool_tasks_ > 0) uv_run(&handles_->loop, UV_RUN_ONCE);
}

void Loop::SetWakeUp(uint64_t deadline_ms, std::function<void()> hook) {
  wake_up_ = std::move(hook);
  const uint64_t now_ms = NowMs();
  const auto fire = [](uv_timer_t* handle) {
    auto* self = static_cast<Loop*>(handle->loop->data);
    const auto hook_now = std::exchange(self->wake_up_, nullptr);
    if (hook_now) hook_now();
  };
  uv_timer_start(&handles_->wake_up, fire, deadline_ms > now_ms ? deadline_ms - now_ms : 0, 0);
}

void Loop::After(uint64_t delay_ms, Task task) {
  auto* timer = new OneShot{{}, std::move(task)};
  CHECK(uv_timer_init(&handles_->loop, &timer->timer) == 0);
  timer->timer.data = timer;
  timers_.insert(&timer->timer);
  const auto fire = [](uv_timer_t* handle) {
    auto* self = static_cast<Loop*>(handle->loop->data);
    auto* fired = static_cast<OneShot*>(handle->data);
    self->timers_.erase(handle);
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete static_cast<OneShot*>(closed->data); });
    fired->task();
  };
  uv_timer_start(&timer->timer, fire, delay_ms, 0);
}

void Loop::OnSignals(std::function<void(int)> hook) {
  on_signal_ = std::move(hook);
  const auto fire = [](uv_signal_t* handle, int signal) {
    static_cast<Loop*>(handle->loop->data)->on_signal_(signal);
  };
  CHECK(uv_signal_start(&handles_->sigterm, fire, SIGTERM) == 0);
  CHECK(uv_signal_start(&handles_->sigint, fire, SIGINT) == 0);
}

void Loop::OnHangUp(std::function<void()> hook) {
  on_hang_up_ = std::move(hook);
  const auto fire = [](uv_signal_t* handle, int) {
    static_cast<Loop*>(handle->loop->data)->on_hang_up_();
  };
  CHECK(uv_signal_start(&handles_->sighup, fire, SIGHUP) == 0);
}

uint64_t Loop::NowMs() const {
  return uv_now(&handles_->loop);
}

uv_loop_s* Loop::Raw() {
  return &handles_->loop;
}

}  // namespace tailrace
