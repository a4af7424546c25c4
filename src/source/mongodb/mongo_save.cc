// MongoSource: the thread that notes up to where it is. A file takes several syncs, for which no
// document is to wait.
#include <utility>

#include "source/mongodb/mongo_source.h"

namespace tailrace {
namespace {

constexpr std::chrono::milliseconds kTick{250};
constexpr std::chrono::milliseconds kSaveEvery{1'000};
constexpr std::chrono::milliseconds kSaveIdleEvery{30'000};
// With a batch more, and those that come during a save, fewer than RecentIds::kCapacity.
constexpr size_t kMaxUnsavedEvents = 2'000;

}  // namespace

void MongoSource::RunSave() {
  Steady::time_point last_save;
  for (;;) {
    std::unique_lock lock(mutex_);
    save_changed_.wait_for(lock, kTick,
                           [this] { return stopping_ || unsaved_events_ >= kMaxUnsavedEvents; });
    if (stopping_) return;
    const size_t events = unsaved_events_;
    const auto every = events > 0 ? kSaveEvery : kSaveIdleEvery;
    if (events < kMaxUnsavedEvents && Steady::now() - last_save < every) continue;
    lock.unlock();
    last_save = Steady::now();
    if (auto saved = Save(); !saved) {
      options_.say.warn(saved.error().message);
      if (!Rest(kTick)) return;
      continue;
    }
    was_saved_ = true;
    lock.lock();
    unsaved_events_ -= events;
    lock.unlock();
    save_changed_.notify_all();
  }
}

// More than is remembered of a log must not have to be recognised after a restart.
void MongoSource::WaitUntilSaved() {
  std::unique_lock lock(mutex_);
  if (unsaved_events_ < kMaxUnsavedEvents) return;
  save_changed_.notify_all();
  save_changed_.wait(lock, [this] { return stopping_ || unsaved_events_ < kMaxUnsavedEvents; });
}

Result<void> MongoSource::Save() {
  const std::lock_guard one_writer(save_mutex_);
  MongoCheckpoint checkpoint;
  {
    const std::lock_guard lock(mutex_);
    checkpoint.epoch = epoch_;
    checkpoint.state = state_;
    std::set<LogKey> unfinished = unfinished_;
    for (const auto& [key, log] : logs_) {
      const bool lacks_events =
          log.stage != Log::Stage::kReady && (!log.held.empty() || log.again || log.compare);
      // Read beyond where the tail is: the events on the way to it are known only while we run.
      if (lacks_events || log.until > passed_stamp_) unfinished.insert(key);
    }
    checkpoint.unfinished.assign(unfinished.begin(), unfinished.end());
  }
  return WriteCheckpoint(options_.checkpoint_path, checkpoint);
}

}  // namespace tailrace
