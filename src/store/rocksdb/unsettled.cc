#include "store/rocksdb/unsettled.h"

#include <algorithm>

namespace tailrace::rocks {
namespace {

constexpr uint64_t kPieceOverhead = 160;
constexpr TimeNs kMaxBlockSpan = 60'000'000'000;

uint64_t CostOf(const TailPiece& piece) {
  return piece.chunk->encoded.size() + kPieceOverhead;
}

uint64_t CostOf(const Tail& tail) {
  uint64_t cost = 0;
  for (const TailPiece& piece : tail) cost += CostOf(piece);
  return cost;
}

}  // namespace

Tail Unsettled::TailOf(uint64_t log_number) const {
  std::lock_guard lock(mutex_);
  const auto tail = tails_.find(log_number);
  return tail == tails_.end() ? Tail() : tail->second;
}

bool Unsettled::Has(uint64_t log_number) const {
  std::lock_guard lock(mutex_);
  return tails_.contains(log_number);
}

void Unsettled::Add(std::span<std::pair<uint64_t, TailPiece>> pieces) {
  uint64_t cost = 0;
  std::lock_guard lock(mutex_);
  for (auto& [log_number, piece] : pieces) {
    cost += CostOf(piece);
    Tail& tail = tails_[log_number];
    tail.push_back(std::move(piece));
    longest_ = std::max(longest_, tail.size());
  }
  bytes_.fetch_add(cost, std::memory_order_relaxed);
}

void Unsettled::Drop(uint64_t log_number) {
  std::lock_guard lock(mutex_);
  const auto tail = tails_.find(log_number);
  if (tail == tails_.end()) return;
  bytes_.fetch_sub(CostOf(tail->second), std::memory_order_relaxed);
  tails_.erase(tail);
}

void Unsettled::CutBefore(uint64_t log_number, Position first) {
  std::lock_guard lock(mutex_);
  const auto found = tails_.find(log_number);
  if (found == tails_.end()) return;
  Tail& tail = found->second;
  const auto kept = std::ranges::find_if(
      tail, [first](const TailPiece& piece) { return piece.chunk->end > first; });
  for (auto piece = tail.begin(); piece != kept; ++piece) {
    bytes_.fetch_sub(CostOf(*piece), std::memory_order_relaxed);
  }
  tail.erase(tail.begin(), kept);
  if (tail.empty()) tails_.erase(found);
}

void Unsettled::Clear() {
  std::unordered_map<uint64_t, Tail> gone;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  gone.swap(tails_);
  bytes_.store(0, std::memory_order_relaxed);
  longest_ = 0;
}

void Unsettled::ForEach(const std::function<void(uint64_t, const Tail&)>& visit) const {
  // Only this thread changes it.
  std::vector<uint64_t> numbers;
  numbers.reserve(tails_.size());
  for (const auto& [number, tail] : tails_) numbers.push_back(number);
  std::ranges::sort(numbers);
  for (const uint64_t number : numbers) visit(number, tails_.at(number));
}

void ForEachBlockOf(
    const Tail& tail, uint64_t block_bytes, bool join,
    const std::function<void(Position, const BlockHeader&, std::string_view)>& put) {
  std::string entries;
  for (size_t i = 0; i < tail.size();) {
    BlockHeader header = tail[i].header;
    const Position begin = tail[i].chunk->begin;
    const TimeNs time = header.time;
    entries = tail[i].chunk->encoded;
    for (++i; join && i < tail.size(); ++i) {
      const BlockHeader& next = tail[i].header;
      const bool neighbours =
          begin + header.count == tail[i].chunk->begin && header.lost == next.lost;
      const bool fits = header.encoded_bytes + next.encoded_bytes <= block_bytes;
      if (!neighbours || !fits || next.time - time > kMaxBlockSpan) break;
      header.count += next.count;
      header.text_bytes += next.text_bytes;
      header.encoded_bytes += next.encoded_bytes;
      header.time = next.time;
      entries += tail[i].chunk->encoded;
    }
    put(begin, header, entries);
  }
}

}  // namespace tailrace::rocks
