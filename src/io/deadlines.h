// Deadlines: one next deadline for each of many holders, for one timer of the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

namespace tailrace {

/// A heap of (deadline, id). There is no cancel: a holder remembers which deadline it means and
/// ignores others when they come. So a deadline that moves later costs nothing until the old one
/// comes.
template <typename Id>
class Deadlines {
 public:
  void Add(uint64_t deadline_ms, Id id) { heap_.push({deadline_ms, id}); }
  bool Empty() const { return heap_.empty(); }
  /// The earliest; not Empty().
  uint64_t NextMs() const { return heap_.top().deadline_ms; }
  size_t Size() const { return heap_.size(); }

  /// Calls `due(id, deadline_ms)` for each that has come; `due` may Add.
  template <typename Due>
  void Run(uint64_t now_ms, Due due) {
    while (!heap_.empty() && heap_.top().deadline_ms <= now_ms) {
      const Item item = heap_.top();
      heap_.pop();
      due(item.id, item.deadline_ms);
    }
  }

 private:
  struct Item {
    uint64_t deadline_ms;
    Id id;
    bool operator<(const Item& other) const { return deadline_ms > other.deadline_ms; }
  };
  std::priority_queue<Item> heap_;
};

}  // namespace tailrace
