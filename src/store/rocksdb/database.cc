#include "store/rocksdb/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/wal_filter.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>

#include "base/check.h"
#include "store/rocksdb/checksum.h"
#include "store/rocksdb/format.h"

namespace tailrace::rocks {
namespace {

constexpr std::array<const char*, kFamilies> kFamilyNames = {
    "default", "blocks", "index", "logs", "list", "producers", "rows", "row_extents"};
constexpr size_t kBlockBufferBytes = 64 << 20;
constexpr size_t kRowBufferBytes = 32 << 20;
constexpr size_t kOtherBufferBytes = 16 << 20;
/// Larger values go to blob files, where compaction does not write them again.
constexpr uint64_t kMinBlobBytes = 4 << 10;
constexpr uint64_t kBlobFileBytes = 256 << 20;
constexpr uint64_t kWalLimitBytes = 256 << 20;
constexpr int kOpenFiles = 512;

/// Write buffer hints by log number, for the keys of blocks alone. RocksDB 7.8 keeps the hints of
/// entries and of range deletions in one map although they belong to different lists, so a range
/// deletion must never have one: those begin with a shorter key (LogPrefix).
class HintByLog final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "tailrace.log"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), kLogPrefixBytes};
  }
  bool InDomain(const rocksdb::Slice& key) const override { return key.size() == kBlockKeyBytes; }
};

rocksdb::DBOptions MakeDbOptions(rocksdb::Env* env, rocksdb::WalFilter* log_reader) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.env = env;
  options.wal_filter = log_reader;
  // docs/adr/0003: whatever of the write-ahead log can be read is used; recovery.h finds out from
  // the commits themselves what is missing. The log is kept until its commits are flushed, so that
  // a crash while recovering finds the same again.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  options.avoid_flush_during_recovery = true;
  options.atomic_flush = true;
  // Damage in one file must not keep all others from being opened and written. Failed writes are
  // latched by the committer, failed flushes by Listener.
  options.paranoid_checks = false;
  options.max_total_wal_size = kWalLimitBytes;
  options.max_open_files = kOpenFiles;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1 << 20;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 8 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions MakeFamilyOptions(Family family,
                                               const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16 << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  options.compression = rocksdb::kZSTD;
  options.write_buffer_size = kOtherBufferBytes;
  options.max_write_buffer_number = 4;
  // Age alone is no reason to write a file again.
  options.ttl = 0;
  options.periodic_compaction_seconds = 0;
  options.level_compaction_dynamic_level_bytes = true;
  if (family == Family::kBlocks || family == Family::kIndex) {
    // A log's next block comes right behind its last one: no search through the whole buffer.
    options.memtable_insert_with_hint_prefix_extractor = std::make_shared<HintByLog>();
  }
  if (family == Family::kRows) options.write_buffer_size = kRowBufferBytes;
  if (family == Family::kBlocks) {
    table.filter_policy.reset();  // blocks are found by seeking
    options.write_buffer_size = kBlockBufferBytes;
    options.enable_blob_files = true;
    options.min_blob_size = kMinBlobBytes;
    options.blob_file_size = kBlobFileBytes;
    options.blob_compression_type = rocksdb::kLZ4Compression;
    options.enable_blob_garbage_collection = true;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

class Database::Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(std::function<void(std::string)> on_failure)
      : on_failure_(std::move(on_failure)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
    // A compaction that fails has lost nothing: its input is still there.
    if (reason == rocksdb::BackgroundErrorReason::kCompaction) return;
    if (on_failure_) on_failure_(ToError(*error).message);
  }

  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& job) override {
    if (job.status.ok() || !IsDamage(job.status)) return;
    std::lock_guard lock(mutex_);
    damaged_.insert(job.cf_name);
  }

  std::set<std::string> TakeDamaged() {
    std::lock_guard lock(mutex_);
    return std::exchange(damaged_, {});
  }

 private:
  std::function<void(std::string)> on_failure_;
  std::mutex mutex_;
  std::set<std::string> damaged_;  ///< Column families.
};

/// RocksDB uses it while it opens, but asks for its name whenever an option changes later.
class Database::LogReader final : public rocksdb::WalFilter {
 public:
  explicit LogReader(const std::function<void(const rocksdb::WriteBatch&)>& on_logged)
      : on_logged_(on_logged) {}

  const char* Name() const override { return "tailrace"; }
  WalProcessingOption LogRecordFound(unsigned long long /*log_number*/,
                                     const std::string& /*log_file_name*/,
                                     const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch* /*new_batch*/,
                                     bool* /*batch_changed*/) override {
    if (on_logged_) on_logged_(batch);
    return WalProcessingOption::kContinueProcessing;
  }
  void IsOpen() { on_logged_ = nullptr; }

 private:
  std::function<void(const rocksdb::WriteBatch&)> on_logged_;
};

Database::Database() = default;

Result<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                 const StoreOptions& options,
                                                 const DatabaseOptions& database_options) {
  LinkChecksums();
  std::unique_ptr<Database> database(new Database());
  database->path_ = path;
  database->listener_ = std::make_shared<Listener>(database_options.on_failure);
  database->wal_files_ =
      std::make_unique<WalFiles>(path, database_options.env, database_options.wal_files);
  database->log_reader_ = std::make_unique<LogReader>(database_options.on_logged);
  rocksdb::DBOptions db_options =
      MakeDbOptions(database->wal_files_->env(), database->log_reader_.get());
  db_options.listeners.push_back(database->listener_);
  database->cache_ = rocksdb::NewLRUCache(options.cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (size_t i = 0; i < kFamilies; ++i) {
    descriptors.emplace_back(kFamilyNames[i],
                             MakeFamilyOptions(static_cast<Family>(i), database->cache_));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(db_options, path, descriptors, &handles, &db);
  if (!status.ok()) {
    Error error = ToError(status);
    error.message = "cannot open the store in " + path + ": " + error.message;
    return Fail(std::move(error));
  }
  database->log_reader_->IsOpen();
  database->db_.reset(db);
  CHECK(handles.size() == kFamilies);
  std::ranges::copy(handles, database->families_.begin());
  return database;
}

Database::~Database() {
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  // What is not flushed is in the write-ahead log.
  static_cast<void>(db_->Close().ok());
}

void Database::StopDamagedCompactions() {
  for (const std::string& name : listener_->TakeDamaged()) {
    for (size_t i = 0; i < kFamilies; ++i) {
      if (name != kFamilyNames[i]) continue;
      const auto status = db_->SetOptions(families_[i], {{"disable_auto_compactions", "true"}});
      static_cast<void>(status.ok());
    }
  }
}

Result<void> Database::Recreate(Family family) {
  const auto index = static_cast<size_t>(family);
  rocksdb::Status status = db_->DropColumnFamily(families_[index]);
  if (!status.ok()) return Fail(ToError(status));
  rocksdb::ColumnFamilyHandle* fresh = nullptr;
  status = db_->CreateColumnFamily(MakeFamilyOptions(family, cache_), kFamilyNames[index], &fresh);
  if (!status.ok()) return Fail(ToError(status));
  db_->DestroyColumnFamilyHandle(families_[index]);
  families_[index] = fresh;
  return {};
}

void Database::CompressBlocks(bool compress) {
  // Refused only by a database that has failed, which the next commit finds out.
  const char* const type = compress ? "kLZ4Compression" : "kNoCompression";
  static_cast<void>(db_->SetOptions(family(Family::kBlocks), {{"blob_compression_type", type}}));
}

void Database::Compact(Family family) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  // Cancelled when closing, or damaged: it is tried again after the next deletions.
  static_cast<void>(db_->CompactRange(options, this->family(family), nullptr, nullptr).ok());
}

uint64_t Database::DiskBytes() const {
  uint64_t bytes = 0;
  std::error_code error;
  for (auto file = std::filesystem::directory_iterator(path_, error);
       !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
    std::error_code gone;  // RocksDB deletes files at any time
    const auto size = file->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

Error ToError(const rocksdb::Status& status) {
  if (status.IsCorruption()) return Error{ErrorCode::kCorrupt, status.ToString()};
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace) {
    return Error{ErrorCode::kUnavailable, "the disk is full: " + status.ToString()};
  }
  return Error{ErrorCode::kUnavailable, status.ToString()};
}

bool IsDamage(const rocksdb::Status& status) {
  if (status.IsCorruption()) return true;
  // EIO is a bad sector; all others (too many open files, for example) may pass.
  return status.IsIOError() && status.ToString().find(std::strerror(EIO)) != std::string::npos;
}

}  // namespace tailrace::rocks
