// Unsettled: the ends of logs that are on disk in commit rows only. They are kept in memory until
// they are settled, so readers find them here and never read a row; after a crash all rows are
// settled before the store is open. What is here of a log lies behind all its blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "log/chunk.h"
#include "store/rocksdb/format.h"

namespace tailrace::rocks {

struct TailPiece {
  BlockHeader header;
  ChunkPtr chunk;
};
/// Contiguous; one piece for each commit.
using Tail = std::vector<TailPiece>;

class Unsettled {
 public:
  /// Beyond `limit_bytes` all is to be settled.
  explicit Unsettled(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// Any thread; a copy. Whoever reads blocks too must ask here first: what is settled in between
  /// is then seen twice, not missed.
  Tail TailOf(uint64_t log_number) const;
  /// Of all pieces, with what they take in memory. Any thread.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  /// The rest: on the commit thread.
  bool Has(uint64_t log_number) const;
  /// So much that it is time to settle.
  bool IsFull() const { return bytes() > limit_bytes_ || longest_ >= kMaxPieces; }
  void Add(uint64_t log_number, TailPiece piece) {
    std::pair<uint64_t, TailPiece> one(log_number, std::move(piece));
    Add(std::span(&one, 1));
  }
  /// The same for many; they are moved from.
  void Add(std::span<std::pair<uint64_t, TailPiece>> pieces);
  /// The log was removed.
  void Drop(uint64_t log_number);
  /// Retention has cut the log: forgets pieces that end at `first` or before.
  void CutBefore(uint64_t log_number, Position first);
  /// All is settled.
  void Clear();
  /// By log number, the lowest first.
  void ForEach(const std::function<void(uint64_t log_number, const Tail&)>& visit) const;

 private:
  /// Of one log: what a read of it copies.
  static constexpr size_t kMaxPieces = 256;

  const uint64_t limit_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Tail> tails_;  ///< Guarded by mutex_. By log number.
  std::atomic<uint64_t> bytes_{0};
  size_t longest_ = 0;
};

/// The pieces as they are written when they are settled: neighbours joined while they fit into
/// `block_bytes` and are at most a minute apart, so that retention by age stays exact to a minute.
/// With `join` off: each on its own.
void ForEachBlockOf(
    const Tail& tail, uint64_t block_bytes, bool join,
    const std::function<void(Position begin, const BlockHeader&, std::string_view entries)>& put);

}  // namespace tailrace::rocks
