// Reader: logs as they are in MongoDB, for the reader threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "store/log_store.h"
#include "store/mongodb/link.h"
#include "store/retention.h"

namespace tailrace::mongo {

/// Puts entries that come in order of position together into chunks. Where one ends depends on the
/// entries alone, not on where reading began, so that all who read meet at the same places: what
/// begins in one stretch of `cell_bytes` of the log's encoded entries is one.
class ChunkMaker {
 public:
  /// `next`: the position of the first entry.
  ChunkMaker(Position next, uint64_t cell_bytes) : next_(next), cell_bytes_(cell_bytes) {}

  /// Positions that are left out become a gap.
  void Add(const StoredEntry& stored);
  /// Everything before `end` that has not come is lost.
  void Finish(Position end);
  /// The last item is whole: what comes next begins another one.
  bool AtBorder() const { return chunk_.encoded.empty(); }
  Position next() const { return next_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t gaps() const { return gaps_; }
  std::vector<ReadItem> TakeItems();

 private:
  void Close();
  void AddGap(Position end);

  Position next_;
  const uint64_t cell_bytes_;
  Chunk chunk_;            ///< Under way, if not empty.
  uint64_t text_end_ = 0;  ///< Of chunk_.
  uint64_t cell_ = 0;      ///< Of its entries.
  uint64_t bytes_ = 0;
  uint64_t gaps_ = 0;
  std::vector<ReadItem> items_;
};

/// Any thread.
class Reader {
 public:
  /// `pool` outlives it. `block_bytes`: of the largest chunk, if it is not one entry.
  Reader(LinkPool& pool, uint64_t block_bytes);

  // As LogStore.
  Result<LogInfo> Stat(const LogKey& key);
  Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes);
  Result<Position> FindTextOffset(const LogKey& key, uint64_t offset);
  Result<std::optional<Memo>> ReadMemo(const LogKey& key);
  Result<ListAnswer> List(const ListQuery& query);

  /// Entries [from, to) of a log, if they are all there and not more than `max_bytes`; otherwise
  /// nothing. For those who follow.
  std::vector<ChunkPtr> ReadNew(Link& link, const LogState& state, Position from,
                                uint64_t max_bytes) const;
  uint64_t damaged_reads() const { return damaged_reads_; }

 private:
  /// kConflict: documents are missing, perhaps because the log has changed meanwhile; with
  /// `tolerant` they are a gap.
  Result<ReadAnswer> ReadOnce(Link& link, const LogKey& key, Position from, size_t max_bytes,
                              bool tolerant);
  Result<void> ReadBatches(Link& link, const LogState& state, uint64_t max_bytes,
                           ChunkMaker& maker) const;
  Result<Position> FindOnce(Link& link, const LogKey& key, uint64_t offset) const;

  LinkPool& pool_;
  const uint64_t cell_bytes_;
  std::atomic<uint64_t> damaged_reads_ = 0;
};

/// All logs and their entries, for retention.
class Inventory final : public RetentionSource {
 public:
  /// Blocks are of so many bytes, or what was committed within some seconds.
  Inventory(Link& link, uint64_t block_bytes) : link_(link), block_bytes_(block_bytes) {}
  Result<void> ForEachLog(const std::function<void(const LogState&)>& visit) override;
  Result<void> ForEachBlock(const LogState& log,
                            const std::function<bool(const BlockFacts&)>& visit) override;

 private:
  Link& link_;
  const uint64_t block_bytes_;
};

}  // namespace tailrace::mongo
