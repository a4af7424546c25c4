// Database: RocksDB opened with our column families and options, and its errors as ours.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocksdb/wal_files.h"
#include "store/store_options.h"

namespace rocksdb {
class Cache;
class ColumnFamilyHandle;
class DB;
class Env;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace tailrace::rocks {

enum class Family : uint8_t {
  kCommits,
  kBlocks,
  kIndex,
  kLogs,
  kList,
  kProducers,
  kRows,
  kRowExtents,
};
inline constexpr size_t kFamilies = 8;

struct DatabaseOptions {
  rocksdb::Env* env = nullptr;  ///< Null: the system's. Outlives the Database.
  /// Gets every batch of the write-ahead log, in order, while the database is being opened.
  std::function<void(const rocksdb::WriteBatch&)> on_logged;
  WalFilesOptions wal_files;
  /// A flush to disk failed in the background: nothing more may be written. Any thread.
  std::function<void(std::string why)> on_failure;
};

class Database {
 public:
  static Result<std::unique_ptr<Database>> Open(const std::string& path,
                                                const StoreOptions& options,
                                                const DatabaseOptions& database_options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Family family) const {
    return families_[static_cast<size_t>(family)];
  }
  std::vector<rocksdb::ColumnFamilyHandle*> families() const {
    return {families_.begin(), families_.end()};
  }
  WalFiles& wal_files() { return *wal_files_; }
  /// Stops compaction where it met damage, so that it does not try again for ever. Blocks.
  void StopDamagedCompactions();
  /// Empties a family, its damaged files too. Not while anything else uses it. kUnavailable.
  Result<void> Recreate(Family family);
  /// Of blocks that leave memory from now on; every opened database begins with true. Blocks.
  void CompressBlocks(bool compress);
  /// Gives back the space of what was deleted. Blocks, for long if there is much.
  void Compact(Family family);
  /// Size of all its files. Reads the directory.
  uint64_t DiskBytes() const;

 private:
  class Listener;
  class LogReader;
  Database();

  std::shared_ptr<Listener> listener_;
  std::unique_ptr<WalFiles> wal_files_;
  std::unique_ptr<LogReader> log_reader_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_ = {};
  std::shared_ptr<rocksdb::Cache> cache_;
  std::string path_;
};

/// kCorrupt for damage, kUnavailable for all that the disk refuses. `status` is not OK.
Error ToError(const rocksdb::Status& status);
/// The bytes are there and wrong, or the disk cannot read them: it will not get better.
bool IsDamage(const rocksdb::Status& status);

}  // namespace tailrace::rocks
