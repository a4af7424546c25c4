// Reader: LogStore's reading half over a Database. Any thread; blocks on the disk.
#pragma once

#include <atomic>
#include <cstdint>

#include "store/log_store.h"
#include "store/retention.h"
#include "store/rocksdb/database.h"

namespace tailrace::rocks {

class Reader {
 public:
  explicit Reader(Database& database) : database_(database) {}

  Result<LogInfo> Stat(const LogKey& key);
  Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes);
  Result<Position> FindTextOffset(const LogKey& key, uint64_t offset);
  Result<ListAnswer> List(const ListQuery& query);
  /// Reads that met damage.
  uint64_t damaged_reads() const { return damaged_reads_.load(std::memory_order_relaxed); }

 private:
  /// Adds the log's items to `answer`, whose info is set. True: some are damaged.
  Result<bool> ReadItems(ReadAnswer& answer, Position from, size_t max_bytes);
  void CountDamage() { damaged_reads_.fetch_add(1, std::memory_order_relaxed); }

  Database& database_;
  std::atomic<uint64_t> damaged_reads_{0};
};

/// What retention looks at.
class Inventory final : public RetentionSource {
 public:
  explicit Inventory(Database& database) : database_(database) {}
  Result<void> ForEachLog(const std::function<void(const LogState&)>& visit) override;
  Result<void> ForEachBlock(const LogState& log,
                            const std::function<bool(const BlockFacts&)>& visit) override;

 private:
  Database& database_;
};

}  // namespace tailrace::rocks
