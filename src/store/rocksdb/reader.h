// Reader: LogStore's reading half over a Database. Any thread; blocks on the disk.
#pragma once

#include <atomic>
#include <cstdint>

#include "store/log_store.h"
#include "store/retention.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/unsettled.h"

namespace tailrace::rocks {

class Reader {
 public:
  /// Both must outlive it.
  Reader(Database& database, const Unsettled& unsettled)
      : database_(database), unsettled_(unsettled) {}

  Result<LogInfo> Stat(const LogKey& key);
  Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes);
  Result<Position> FindTextOffset(const LogKey& key, uint64_t offset);
  Result<std::optional<Memo>> ReadMemo(const LogKey& key);
  Result<ListAnswer> List(const ListQuery& query);
  /// Reads that met damage.
  uint64_t damaged_reads() const { return damaged_reads_.load(std::memory_order_relaxed); }

 private:
  Result<LogState> Load(const LogKey& key, Tail* tail = nullptr);
  /// Adds the log's items to `answer`, whose info is set. True: some are damaged.
  Result<bool> ReadItems(ReadAnswer& answer, const Tail& tail, Position from, size_t max_bytes);
  void CountDamage() { damaged_reads_.fetch_add(1, std::memory_order_relaxed); }

  Database& database_;
  const Unsettled& unsettled_;
  std::atomic<uint64_t> damaged_reads_{0};
};

/// What retention looks at.
class Inventory final : public RetentionSource {
 public:
  Inventory(Database& database, const Unsettled& unsettled)
      : database_(database), unsettled_(unsettled) {}
  Result<void> ForEachLog(const std::function<void(const LogState&)>& visit) override;
  Result<void> ForEachBlock(const LogState& log,
                            const std::function<bool(const BlockFacts&)>& visit) override;

 private:
  Database& database_;
  const Unsettled& unsettled_;
};

}  // namespace tailrace::rocks
