#include "feed/hub.h"

#include <bit>

#include "base/check.h"

namespace tailrace {
namespace {

uint64_t Bit(size_t worker) {
  return uint64_t{1} << worker;
}

template <typename Visit>
void ForEachWorker(uint64_t workers, Visit visit) {
  for (; workers != 0; workers &= workers - 1) {
    visit(static_cast<size_t>(std::countr_zero(workers)));
  }
}

}  // namespace

Hub::Hub(LogStore& store, std::vector<Sink> sinks) : store_(store), sinks_(std::move(sinks)) {
  CHECK(sinks_.size() <= kMaxWorkers);
}

uint64_t Hub::Follow(size_t worker, const LogKey& key) {
  CHECK(worker < sinks_.size());
  uint64_t batch = 0;
  {
    const std::lock_guard lock(mutex_);
    followers_[key] |= Bit(worker);
    batch = batches_;
  }
  store_.Follow(key);
  return batch;
}

void Hub::Unfollow(size_t worker, const LogKey& key) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = followers_.find(key);
    CHECK(found != followers_.end());
    found->second &= ~Bit(worker);
    if (found->second == 0) followers_.erase(found);
  }
  store_.Unfollow(key);
}

void Hub::WatchList(size_t worker, bool watch) {
  const std::lock_guard lock(mutex_);
  list_watchers_ = watch ? list_watchers_ | Bit(worker) : list_watchers_ & ~Bit(worker);
}

void Hub::Publish(const std::vector<Commit>& commits) {
  std::vector<HubDelivery> deliveries(sinks_.size());
  {
    const std::lock_guard lock(mutex_);
    ++batches_;
    for (HubDelivery& delivery : deliveries) delivery.batch = batches_;
    for (const Commit& commit : commits) {
      const auto found = followers_.find(commit.info->key);
      if (found != followers_.end()) {
        ForEachWorker(found->second,
                      [&](size_t worker) { deliveries[worker].followed.push_back(commit); });
      }
      const bool listed = commit.created || commit.ended || commit.kind == Commit::Kind::kRemoved;
      if (!listed) continue;
      ForEachWorker(list_watchers_,
                    [&](size_t worker) { deliveries[worker].listed.push_back(commit); });
    }
  }
  for (size_t worker = 0; worker < sinks_.size(); ++worker) {
    HubDelivery& delivery = deliveries[worker];
    if (delivery.followed.empty() && delivery.listed.empty()) continue;
    sinks_[worker](std::move(delivery));
  }
}

}  // namespace tailrace
