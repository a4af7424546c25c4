#include "source/mongodb/document_ids.h"

#include <algorithm>
#include <functional>

#include "source/mongodb/document.h"

namespace tailrace {
namespace {

constexpr size_t kReadBytes = 256 << 10;

// Calls `visit` with each document in [from, info.position) and returns where the read ended.
Result<Position> VisitSome(LogStore& store, const LogInfo& info, Position from,
                           const std::function<void(uint64_t)>& visit) {
  const auto answer = store.Read(info.key, from, kReadBytes);
  if (!answer) return Fail(answer.error());
  if (answer->info.number != info.number) {
    return Fail(ErrorCode::kUnavailable, "log " + info.key.Path() + " was deleted meanwhile");
  }
  Position next = from;
  for (const ReadItem& item : answer->items) {
    if (item.chunk != nullptr) {
      EntryReader reader(item.chunk->encoded);
      Entry entry;
      for (Position n = item.begin; reader.Next(entry); ++n) {
        if (n < from) continue;
        if (const auto hash = HashDocumentId(entry.fields)) visit(*hash);
      }
    }
    next = item.end;
  }
  return answer->items.empty() ? info.position : next;
}

}  // namespace

void RecentIds::Add(uint64_t hash) {
  order_.push_back(hash);
  set_.insert(hash);
  if (order_.size() <= kCapacity) return;
  set_.erase(set_.find(order_.front()));
  order_.pop_front();
}

bool SeenDocuments::Add(uint64_t hash, int64_t second) {
  if (!hashes_.insert(hash).second) return false;
  by_time_.insert(std::ranges::upper_bound(by_time_, second, {}, &Seen::second), {second, hash});
  return true;
}

void SeenDocuments::Forget(int64_t before_second) {
  floor_ = std::max(floor_, before_second);
  while (!by_time_.empty() && (by_time_.front().second < floor_ || by_time_.size() > kMax)) {
    floor_ = std::max(floor_, by_time_.front().second + 1);
    hashes_.erase(by_time_.front().hash);
    by_time_.pop_front();
  }
}

Result<RecentIds> LoadRecentIds(LogStore& store, const LogInfo& info) {
  RecentIds recent;
  Position next =
      std::max(info.first, info.position - std::min<Position>(info.position, RecentIds::kCapacity));
  while (next < info.position) {
    const auto read = VisitSome(store, info, next, [&](uint64_t hash) { recent.Add(hash); });
    if (!read) return Fail(read.error());
    next = *read;
  }
  return recent;
}

Result<StoredIds> StoredIds::Load(LogStore& store, const LogInfo* info) {
  StoredIds stored;
  if (info == nullptr) return stored;
  const Position begin = info->position - std::min<Position>(info->position, kMaxEntries);
  Position next = std::max(info->first, begin);
  stored.cut_ = next > 0;
  stored.updated_ = info->updated;
  while (next < info->position) {
    const auto read =
        VisitSome(store, *info, next, [&](uint64_t hash) { stored.sorted_.push_back(hash); });
    if (!read) return Fail(read.error());
    next = *read;
  }
  std::ranges::sort(stored.sorted_);
  return stored;
}

bool StoredIds::Take(uint64_t hash, TimeNs time) {
  if (!std::ranges::binary_search(sorted_, hash)) return cut_ && time <= updated_;
  cut_ = false;
  return true;
}

}  // namespace tailrace
