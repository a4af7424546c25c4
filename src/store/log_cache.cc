#include "store/log_cache.h"

#include <utility>

namespace tailrace {
namespace {

uint64_t CostOf(const LogState& state) {
  uint64_t cost = 1024 + state.info.title.size();
  for (const auto& [name, value] : state.info.labels) cost += 128 + name.size() + value.size();
  return cost;
}

}  // namespace

CachedLog* LogCache::Find(const LogKey& key) {
  if (const auto found = young_.find(key); found != young_.end()) return &found->second;
  if (old_.empty()) return nullptr;
  auto again = old_.extract(key);
  if (again.empty()) return nullptr;
  bytes_ += CostOf(again.mapped().state);
  return &young_.insert(std::move(again)).position->second;
}

CachedLog& LogCache::Add(LogState state) {
  bytes_ += CostOf(state);
  const LogKey key = state.info.key;
  return young_.emplace(key, CachedLog{std::move(state)}).first->second;
}

void LogCache::Erase(const LogKey& key) {
  young_.erase(key);
  old_.erase(key);
}

void LogCache::Clear() {
  young_.clear();
  old_.clear();
  bytes_ = 0;
}

void LogCache::Trim() {
  if (bytes_ <= generation_bytes_) return;
  old_ = std::exchange(young_, {});
  bytes_ = 0;
}

}  // namespace tailrace
