// LruCache: a bounded map that forgets what was not used for longest. One thread.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace tailrace {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class LruCache {
 public:
  /// Holds values of `cost_limit` together; always at least the newest one.
  explicit LruCache(size_t cost_limit) : cost_limit_(cost_limit) {}

  /// Null: not there. The pointer is good until the next call.
  const Value* Find(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    items_.splice(items_.begin(), items_, found->second);
    return &found->second->value;
  }

  void Put(const Key& key, Value value, size_t cost) {
    Erase(key);
    items_.push_front(Item{key, std::move(value), cost});
    index_.emplace(key, items_.begin());
    cost_ += cost;
    while (cost_ > cost_limit_ && items_.size() > 1) Erase(Key(items_.back().key));
  }

  void Erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    cost_ -= found->second->cost;
    items_.erase(found->second);
    index_.erase(found);
  }

  size_t Size() const { return items_.size(); }

 private:
  struct Item {
    Key key;
    Value value;
    size_t cost;
  };
  size_t cost_limit_;
  size_t cost_ = 0;
  std::list<Item> items_;  ///< Newest use first.
  std::unordered_map<Key, typename std::list<Item>::iterator, Hash> index_;
};

}  // namespace tailrace
