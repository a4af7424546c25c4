// Writer: carries out commit plans as one synced write batch each. On the commit thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/commit_plan.h"
#include "store/lru_cache.h"
#include "store/rocksdb/blob_compression.h"
#include "store/rocksdb/commit_record.h"
#include "store/rocksdb/commit_row.h"
#include "store/rocksdb/committed_file.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/format.h"
#include "store/rocksdb/unsettled.h"
#include "store/store_options.h"

namespace rocksdb {
class WriteBatch;
}  // namespace rocksdb

namespace tailrace::rocks {

class Writer final : public CommitBackend {
 public:
  /// `database`, `unsettled` and `options` must outlive it; continues behind commit `last`.
  Writer(Database& database, Unsettled& unsettled, const StoreOptions& options,
         const CommitRecord& last, CommittedFile committed);
  ~Writer() override;

  Result<std::optional<LogState>> LoadLog(const LogKey& key) override;
  Result<std::optional<uint64_t>> LoadProducer(const LogState& log,
                                               const std::string& name) override;
  Result<bool> IsBorder(const LogState& log, Position position) override;
  Result<void> Write(const CommitPlan& plan) override;

  /// True, once, if so much was deleted that giving back the space is worth the work. Any thread.
  bool TakeGarbage();

 private:
  bool MustSettle(const CommitPlan& plan) const;
  void AddSettled(rocksdb::WriteBatch& batch, const CommitPlan& plan);
  void AddDraft(rocksdb::WriteBatch& batch, const LogDraft& draft, RowBuilder& row);
  void AddBlocks(rocksdb::WriteBatch& batch, const LogDraft& draft, RowBuilder& row);
  void AddRemoval(rocksdb::WriteBatch& batch, const LogState& log);
  void Remember(const CommitPlan& plan);
  void RememberTails(const CommitPlan& plan, bool settled);

  Database& database_;
  Unsettled& unsettled_;
  const StoreOptions& options_;
  CommitTrail trail_;
  CommittedFile committed_;
  BlobCompression compression_;
  std::unique_ptr<rocksdb::WriteBatch> batch_;         ///< Kept for its memory.
  std::vector<std::string> rows_;                      ///< Keys of those that are not settled.
  std::vector<std::pair<uint64_t, TailPiece>> small_;  ///< Of the commit under way, by log number.
  LruCache<std::string, uint64_t> producers_;          ///< By ProducerKey.
  std::atomic<uint64_t> garbage_bytes_{0};             ///< Deleted since TakeGarbage was true.
};

/// The operations of Writer::Write for blocks, for recovery too.
void PutBlock(rocksdb::WriteBatch& batch, const Database& database, uint64_t log_number,
              Position begin, const BlockHeader& header, std::string_view entries);

}  // namespace tailrace::rocks
