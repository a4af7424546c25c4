#include "source/spool_queue.h"

#include <chrono>
#include <utility>

namespace tailrace {
namespace {

// So many strings are kept for the next runs.
constexpr size_t kSpares = 4;

}  // namespace

SpoolQueue::SpoolQueue(RunTarget& target, Options options)
    : target_(target), options_(std::move(options)), thread_([this] { Run(); }) {}

SpoolQueue::~SpoolQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

bool SpoolQueue::Take(RecordedRun& run) {
  {
    const std::lock_guard lock(mutex_);
    if (!full_) {
      waiting_bytes_ += run.encoded.size();
      full_ = waiting_bytes_ > options_.limit_bytes;
      waiting_.push_back(std::exchange(run, RecordedRun{}));
      if (!spare_.empty()) {
        run.encoded = std::move(spare_.back());
        spare_.pop_back();
      }
      changed_.notify_all();
      return true;
    }
  }
  if (!std::exchange(loss_said_, true) && options_.on_loss) options_.on_loss();
  return false;
}

void SpoolQueue::Finish(std::optional<Outcome> outcome, uint64_t lost, TimeNs now) {
  const std::lock_guard lock(mutex_);
  end_ = End{std::move(outcome), lost, now};
  changed_.notify_all();
}

bool SpoolQueue::Full() const {
  const std::lock_guard lock(mutex_);
  return full_;
}

uint64_t SpoolQueue::Done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

bool SpoolQueue::WaitUntilEmpty(int64_t timeout_ms) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                           [this] { return waiting_.empty() && !end_ && !busy_; });
}

void SpoolQueue::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    busy_ = false;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !waiting_.empty() || end_ || stopping_; });
    if (waiting_.empty() && !end_) return;
    busy_ = true;
    std::deque<RecordedRun> runs = std::exchange(waiting_, {});
    std::optional<End> end = std::exchange(end_, std::nullopt);
    lock.unlock();
    HandOn(runs);
    if (end) target_.Finish(std::move(end->outcome), end->lost, end->now);
    lock.lock();
  }
}

void SpoolQueue::HandOn(std::deque<RecordedRun>& runs) {
  for (RecordedRun& run : runs) {
    const size_t size = run.encoded.size();
    target_.Take(run);
    std::unique_lock lock(mutex_);
    ++done_;
    waiting_bytes_ -= size;
    if (spare_.size() < kSpares) spare_.push_back(std::move(run.encoded));
    if (!full_ || waiting_bytes_ > options_.limit_bytes / 2) continue;
    full_ = false;
    lock.unlock();
    if (options_.on_room) options_.on_room();
  }
}

std::optional<int64_t> StallWatch::HoldUntilMs(bool full, uint64_t done, int64_t now_ms) {
  if (!full) {
    since_ms_.reset();
    return std::nullopt;
  }
  if (!since_ms_ || done != done_) {
    since_ms_ = now_ms;
    done_ = done;
  }
  const int64_t until_ms = *since_ms_ + patience_ms_;
  return now_ms < until_ms ? std::optional(until_ms) : std::nullopt;
}

}  // namespace tailrace
