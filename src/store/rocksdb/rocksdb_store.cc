#include "store/rocksdb/rocksdb_store.h"

#include <rocksdb/db.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/committer.h"
#include "store/retention.h"
#include "store/rocksdb/committed_file.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/directory.h"
#include "store/rocksdb/reader.h"
#include "store/rocksdb/recovery.h"
#include "store/rocksdb/writer.h"

namespace tailrace {
namespace {

using rocks::Database;
using rocks::Family;

/// A background write that fails before or after there is a committer to tell.
class FailureLatch {
 public:
  void Set(const std::string& why) {
    std::lock_guard lock(mutex_);
    if (why_.empty()) why_ = why;
    if (committer_ != nullptr) committer_->FailFrom(why_);
  }
  void Attach(Committer* committer) {
    std::lock_guard lock(mutex_);
    committer_ = committer;
    if (committer_ != nullptr && !why_.empty()) committer_->FailFrom(why_);
  }

 private:
  std::mutex mutex_;
  std::string why_;
  Committer* committer_ = nullptr;
};

class RocksDbStore final : public LogStore {
 public:
  RocksDbStore(rocks::StoreDirectory directory, const StoreOptions& options, Random* random)
      : directory_(std::move(directory)),
        options_(options),
        random_(random != nullptr ? *random : system_random_),
        unsettled_(options.unsettled_limit_bytes) {}
  ~RocksDbStore() override;

  Result<void> Open(const RocksDbHooks& hooks);

  void Append(AppendRequest request) override { committer_->Submit(std::move(request)); }
  void Create(CreateRequest request) override { committer_->Submit(std::move(request)); }
  void End(EndRequest request) override { committer_->Submit(std::move(request)); }
  void Remove(RemoveRequest request) override { committer_->Submit(std::move(request)); }
  Result<LogInfo> Stat(const LogKey& key) override { return reader_->Stat(key); }
  Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes) override {
    return reader_->Read(key, from, max_bytes);
  }
  Result<Position> FindTextOffset(const LogKey& key, uint64_t offset) override {
    return reader_->FindTextOffset(key, offset);
  }
  Result<std::optional<Memo>> ReadMemo(const LogKey& key) override {
    return reader_->ReadMemo(key);
  }
  Result<ListAnswer> List(const ListQuery& query) override { return reader_->List(query); }
  Result<void> ApplyRetention() override;
  StoreStats Stats() const override;
  void SetCommitListener(CommitListener listener) override {
    committer_->SetListener(std::move(listener));
  }

 private:
  void KeepHouse();
  void LookAround();

  rocks::StoreDirectory directory_;
  const StoreOptions options_;
  SystemRandom system_random_;
  Random& random_;
  FailureLatch failure_;
  std::unique_ptr<Database> database_;
  rocks::Unsettled unsettled_;
  std::unique_ptr<rocks::Reader> reader_;
  std::unique_ptr<rocks::Writer> writer_;
  std::unique_ptr<Committer> committer_;
  std::atomic<uint64_t> disk_bytes_{0};

  std::mutex mutex_;
  std::condition_variable closing_changed_;
  bool closing_ = false;  ///< Guarded by mutex_.
  std::thread housekeeper_;
};

Result<void> RocksDbStore::Open(const RocksDbHooks& hooks) {
  auto committed = rocks::CommittedFile::Open(directory_.CommittedPath());
  if (!committed) return Fail(std::move(committed.error()));
  const std::optional<rocks::CommitRecord> told = committed->Read();
  std::optional<rocks::CommitRecord> last;
  for (const bool sure : {false, true}) {
    rocks::Recovery recovery;
    rocks::DatabaseOptions database_options;
    database_options.env = hooks.env;
    database_options.wal_files = hooks.wal_files;
    database_options.on_logged = [&recovery](const rocksdb::WriteBatch& batch) {
      recovery.SeeLogged(batch);
    };
    database_options.on_failure = [this](const std::string& why) { failure_.Set(why); };
    database_.reset();
    auto database = Database::Open(directory_.DatabasePath(), options_, database_options);
    if (!database) return Fail(std::move(database.error()));
    database_ = std::move(*database);
    auto repaired = recovery.Repair(*database_, options_, told, sure);
    if (!repaired) return Fail(std::move(repaired.error()));
    last = std::move(*repaired);
    if (last) break;
  }
  reader_ = std::make_unique<rocks::Reader>(*database_, unsettled_);
  writer_ = std::make_unique<rocks::Writer>(*database_, unsettled_, options_, *last,
                                            std::move(*committed));
  committer_ = std::make_unique<Committer>(*writer_, options_, random_, last->next_log, last->logs);
  failure_.Attach(committer_.get());
  disk_bytes_ = database_->DiskBytes();
  housekeeper_ = std::thread([this] { KeepHouse(); });
  return {};
}

RocksDbStore::~RocksDbStore() {
  if (housekeeper_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    closing_changed_.notify_all();
    database_->db().DisableManualCompaction();
    housekeeper_.join();
  }
  failure_.Attach(nullptr);
  committer_.reset();
}

Result<void> RocksDbStore::ApplyRetention() {
  if (!HasRetention(options_.retention)) return {};
  Result<std::vector<RetireRequest>> retired;
  {
    rocks::Inventory inventory(*database_, unsettled_);
    retired = FindRetired(inventory, options_.retention, options_.clock->Now());
  }
  if (!retired) return Fail(std::move(retired.error()));
  return RetireAll(*committer_, std::move(*retired));
}

void RocksDbStore::LookAround() {
  // A failure shows in Stats(), or it is tried again next time.
  static_cast<void>(ApplyRetention().has_value());
  database_->StopDamagedCompactions();
  if (writer_->TakeGarbage()) database_->Compact(Family::kBlocks);
  disk_bytes_ = database_->DiskBytes();
}

void RocksDbStore::KeepHouse() {
  std::unique_lock lock(mutex_);
  const auto interval = std::chrono::seconds(std::max<uint64_t>(options_.retention.interval_s, 1));
  while (!closing_changed_.wait_for(lock, interval, [this] { return closing_; })) {
    lock.unlock();
    LookAround();
    lock.lock();
  }
}

StoreStats RocksDbStore::Stats() const {
  StoreStats stats = committer_->Stats();
  stats.damaged_reads = reader_->damaged_reads();
  stats.disk_bytes = disk_bytes_;
  stats.unsettled_bytes = unsettled_.bytes();
  stats.unsettled_limit_bytes = options_.unsettled_limit_bytes;
  return stats;
}

}  // namespace

Result<std::unique_ptr<LogStore>> OpenRocksDbStore(const std::string& directory,
                                                   const StoreOptions& options,
                                                   const RocksDbHooks& hooks) {
  auto locked = rocks::StoreDirectory::Open(directory);
  if (!locked) return Fail(std::move(locked.error()));
  auto store = std::make_unique<RocksDbStore>(std::move(*locked), options, hooks.random);
  if (auto opened = store->Open(hooks); !opened) return Fail(std::move(opened.error()));
  return store;
}

}  // namespace tailrace
