// Recovery: finds out while the store is opened which commits are missing, and writes down the
// positions that they had given away, so that no position ever means two things.
//
// The write-ahead log is read past its damage. A commit that cannot be read is known from the
// records of the commits behind it, or from the file COMMITTED if there is none. A torn end, which
// is what a crash leaves, is in neither: nobody was told of it, and it never was.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "base/result.h"
#include "store/rocksdb/commit_record.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/unsettled.h"
#include "store/store_options.h"

namespace rocksdb {
class WriteBatch;
}  // namespace rocksdb

namespace tailrace::rocks {

class Recovery {
 public:
  /// For Database::Open: sees every commit that can be read.
  void SeeLogged(const rocksdb::WriteBatch& batch);
  /// After Database::Open. `told` is what COMMITTED says. Returns the record of the last commit, to
  /// go on from. Nothing: commits are missing, and `sure` is not set; a read that failed may go
  /// well the next time, so the database should be opened again with a new Recovery. If `sure`,
  /// marks what is missing as lost, durably. Settles all commit rows. kUnavailable, kCorrupt.
  Result<std::optional<CommitRecord>> Repair(Database& database, const StoreOptions& options,
                                             const std::optional<CommitRecord>& told, bool sure);

  /// Logs of which entries, the end or the removal were lost and made good as said above.
  uint64_t repaired_logs() const { return repaired_logs_; }

 private:
  /// A record of a commit that was made. In order of commits.
  void See(const CommitRecord& record);
  Result<void> SeeStored(Database& database);
  /// Commits in front of the first one of the write-ahead log must have been flushed.
  void CheckFront(Database& database);
  Result<void> RepairLog(Database& database, const LogTrace& trace, rocksdb::WriteBatch& batch);
  Result<void> RepairOpenLogs(Database& database, rocksdb::WriteBatch& batch);
  Result<CommitRecord> Finish(Database& database, rocksdb::WriteBatch& repairs);
  void Remove(Database& database, const LogKey& key, uint64_t number, rocksdb::WriteBatch& batch);

  std::optional<CommitRecord> first_;    ///< In the write-ahead log; without its traces.
  std::optional<CommitRecord> last_;     ///< Seen anywhere; without its traces.
  std::map<uint64_t, LogTrace> traces_;  ///< By log number: the newest of each.
  Unsettled rows_{0};                    ///< What the commit rows hold, without entries.
  uint64_t untold_entries_ =
      0;  ///< Lost entries of which no commit tells to which log they belong.
  uint64_t repaired_logs_ = 0;
};

}  // namespace tailrace::rocks
