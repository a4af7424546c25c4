#include "store/mongodb/mongo_store.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/committer.h"
#include "store/mongodb/garbage.h"
#include "store/mongodb/persistence.h"
#include "store/mongodb/reader.h"
#include "store/mongodb/setup.h"
#include "store/mongodb/watch.h"
#include "store/mongodb/writer.h"
#include "store/retention.h"

namespace tailrace {
namespace {

constexpr auto kClosingGrace = std::chrono::seconds(5);
constexpr auto kOpeningRest = std::chrono::milliseconds(500);
constexpr size_t kWriterNameLength = 16;

/// No document could hold an entry that is larger. Only large runs are looked into.
Result<void> CheckEntries(const EntryRun& run) {
  if (run.encoded.size() <= mongo::kMaxStoredEntryBytes) return {};
  EntryReader reader(run.encoded);
  size_t rest = run.encoded.size();
  for (Entry entry; reader.Next(entry); rest = reader.Rest().size()) {
    const size_t bytes = rest - reader.Rest().size();
    if (bytes <= mongo::kMaxStoredEntryBytes) continue;
    return Fail(ErrorCode::kTooLarge, "an entry has " + std::to_string(bytes) +
                                          " bytes; a store in MongoDB takes " +
                                          std::to_string(mongo::kMaxStoredEntryBytes) + " at most");
  }
  return {};
}

class MongoStore final : public LogStore {
 public:
  MongoStore(mongo::Place place, const StoreOptions& options, Random* random,
             OpeningListener listener)
      : options_(options),
        opening_listener_(std::move(listener)),
        random_(random != nullptr ? *random : system_random_),
        place_(std::move(place)),
        name_(system_random_.Name(kWriterNameLength)),
        pool_(place_),
        reader_(pool_, options.block_bytes),
        watch_(place_, name_, reader_,
               [this](std::vector<Commit> commits) { Tell(std::move(commits)); }),
        writer_(place_, name_, persistence_, [this] { WakeHousekeeper(); }) {}
  ~MongoStore() override;

  Result<void> Open();

  void Append(AppendRequest request) override;
  void Create(CreateRequest request) override { Submit(std::move(request)); }
  void End(EndRequest request) override { Submit(std::move(request)); }
  void Remove(RemoveRequest request) override { Submit(std::move(request)); }
  Result<LogInfo> Stat(const LogKey& key) override;
  Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes) override {
    if (!open_) return FailOpening();
    return reader_.Read(key, from, max_bytes);
  }
  Result<Position> FindTextOffset(const LogKey& key, uint64_t offset) override {
    if (!open_) return FailOpening();
    return reader_.FindTextOffset(key, offset);
  }
  Result<std::optional<Memo>> ReadMemo(const LogKey& key) override {
    if (!open_) return FailOpening();
    return reader_.ReadMemo(key);
  }
  Result<ListAnswer> List(const ListQuery& query) override {
    if (!open_) return FailOpening();
    return reader_.List(query);
  }
  Result<void> ApplyRetention() override;
  StoreStats Stats() const override;
  void SetCommitListener(CommitListener listener) override;
  void Follow(const LogKey& key) override { watch_.Follow(key); }
  void Unfollow(const LogKey& key) override { watch_.Unfollow(key); }

 private:
  /// Sets the database up and starts what needs it.
  Result<void> TryToOpen();
  /// Until it is open, or closing.
  void OpenLater();
  void NoteTrouble(const Error& error);
  std::unexpected<Error> FailOpening() const;
  template <typename Request>
  void Submit(Request request);
  void Tell(std::vector<Commit> commits);
  void KeepHouse();
  void WakeHousekeeper();
  void LookAround();

  const StoreOptions options_;
  const OpeningListener opening_listener_;
  SystemRandom system_random_;
  Random& random_;
  const mongo::Place place_;
  const std::string name_;
  mongo::Persistence persistence_;
  mongo::LinkPool pool_;
  mongo::Reader reader_;

  std::mutex listener_mutex_;
  CommitListener listener_;  ///< Guarded by listener_mutex_, also while it is called.

  mongo::Watch watch_;
  mongo::Writer writer_;
  std::unique_ptr<Committer> committer_;  ///< Null until open_.
  std::atomic<bool> open_ = false;        ///< Once set it stays so.

  mutable std::mutex mutex_;
  std::condition_variable housekeeping_changed_;
  bool closing_ = false;      ///< Guarded by mutex_.
  bool has_garbage_ = false;  ///< Guarded by mutex_.
  std::string trouble_;       ///< Of opening. Guarded by mutex_.
  std::thread housekeeper_;
};

Result<void> MongoStore::Open() {
  if (auto opened = TryToOpen(); !opened) {
    const bool may_wait = opening_listener_ && opened.error().code == ErrorCode::kUnavailable;
    if (!may_wait) return opened;
    NoteTrouble(opened.error());
  }
  has_garbage_ = true;  // what a process that was killed has left
  housekeeper_ = std::thread([this] { KeepHouse(); });
  return {};
}

Result<void> MongoStore::TryToOpen() {
  const auto logs = pool_.Use<uint64_t>([this](mongo::Link& link) -> Result<uint64_t> {
    if (auto ready = mongo::SetUp(link, place_); !ready) return Fail(ready.error());
    return mongo::CountLogs(link);
  });
  if (!logs) return Fail(logs.error());
  committer_ = std::make_unique<Committer>(writer_, options_, random_, 0, *logs);
  committer_->SetListener([this](std::vector<Commit> commits) { Tell(std::move(commits)); });
  watch_.Start();
  open_ = true;
  if (opening_listener_) opening_listener_({});
  return {};
}

// Whatever is wrong can be mended over there: a replica set that nobody has initiated yet looks
// like a stand-alone server.
void MongoStore::OpenLater() {
  std::unique_lock lock(mutex_);
  while (!open_ && !closing_) {
    lock.unlock();
    if (auto opened = TryToOpen(); !opened) NoteTrouble(opened.error());
    lock.lock();
    if (!open_) housekeeping_changed_.wait_for(lock, kOpeningRest, [this] { return closing_; });
  }
}

void MongoStore::NoteTrouble(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(trouble_, error.message) == error.message) return;
  }
  opening_listener_(Fail(error));
}

std::unexpected<Error> MongoStore::FailOpening() const {
  const std::lock_guard lock(mutex_);
  return Fail(ErrorCode::kUnavailable, "the store waits for its database: " + trouble_);
}

template <typename Request>
void MongoStore::Submit(Request request) {
  if (open_) {
    committer_->Submit(std::move(request));
  } else if (request.done) {
    request.done(FailOpening());
  }
}

MongoStore::~MongoStore() {
  persistence_.Close(kClosingGrace);
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  housekeeping_changed_.notify_all();
  if (housekeeper_.joinable()) housekeeper_.join();
  committer_.reset();
}

void MongoStore::Append(AppendRequest request) {
  if (auto fits = CheckEntries(request.run); !fits) {
    if (request.done) request.done(Fail(fits.error()));
    return;
  }
  Submit(std::move(request));
}

Result<LogInfo> MongoStore::Stat(const LogKey& key) {
  if (!open_) return FailOpening();
  Result<LogInfo> info = reader_.Stat(key);
  if (info) watch_.Note(key, info->number);
  return info;
}

Result<void> MongoStore::ApplyRetention() {
  if (!HasRetention(options_.retention)) return {};
  if (!open_) return FailOpening();
  using Requests = std::vector<RetireRequest>;
  auto retired = pool_.Use<Requests>([this](mongo::Link& link) {
    mongo::Inventory inventory(link, options_.block_bytes);
    return FindRetired(inventory, options_.retention, options_.clock->Now());
  });
  if (!retired) return Fail(std::move(retired.error()));
  return RetireAll(*committer_, std::move(*retired));
}

StoreStats MongoStore::Stats() const {
  if (!open_) {
    StoreStats stats;
    stats.pending_limit_bytes = options_.pending_limit_bytes;
    const std::lock_guard lock(mutex_);
    stats.waiting = trouble_;
    return stats;
  }
  StoreStats stats = committer_->Stats();
  stats.damaged_reads = reader_.damaged_reads();
  stats.logs = static_cast<uint64_t>(
      std::max<int64_t>(0, static_cast<int64_t>(stats.logs) + watch_.others_logs()));
  stats.waiting = persistence_.Trouble();
  if (stats.waiting.empty()) stats.waiting = watch_.Trouble();
  stats.conflicts = writer_.conflicts();
  stats.reconnects = persistence_.failures() + watch_.failures();
  return stats;
}

void MongoStore::SetCommitListener(CommitListener listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

// By the commit thread and by who watches others.
void MongoStore::Tell(std::vector<Commit> commits) {
  for (const Commit& commit : commits) watch_.Note(commit.info->key, commit.info->number);
  const std::lock_guard lock(listener_mutex_);
  if (listener_) listener_(std::move(commits));
}

void MongoStore::WakeHousekeeper() {
  {
    const std::lock_guard lock(mutex_);
    has_garbage_ = true;
  }
  housekeeping_changed_.notify_all();
}

void MongoStore::LookAround() {
  // What fails is tried again next time.
  static_cast<void>(pool_.Use<int>([this](mongo::Link& link) -> Result<int> {
    if (auto done = mongo::SweepGarbage(link, persistence_); !done) return Fail(done.error());
    if (auto done = mongo::ForgetWriters(link, options_.clock->Now()); !done) {
      return Fail(done.error());
    }
    return 0;
  }));
}

void MongoStore::KeepHouse() {
  OpenLater();
  std::unique_lock lock(mutex_);
  const auto interval = std::chrono::seconds(std::max<uint64_t>(options_.retention.interval_s, 1));
  auto next = std::chrono::steady_clock::now() + interval;
  while (!closing_) {
    const bool is_due = std::chrono::steady_clock::now() >= next;
    if (is_due || std::exchange(has_garbage_, false)) {
      lock.unlock();
      if (is_due) static_cast<void>(ApplyRetention().has_value());
      LookAround();
      lock.lock();
      if (is_due) next = std::chrono::steady_clock::now() + interval;
      continue;
    }
    housekeeping_changed_.wait_until(lock, next, [this] { return closing_ || has_garbage_; });
  }
}

}  // namespace

Result<mongo::Place> MongoPlace(const MongoStoreSettings& settings) {
  mongo::Place place;
  place.address = {.uri = settings.uri,
                   .database = DatabaseOf(settings.uri, MongoAddress().database),
                   .collection = settings.collection,
                   .section = "store"};
  place.id_form = settings.ids == "string" ? mongo::IdForm::kString : mongo::IdForm::kNumber;
  if (auto ok = CheckMongoAddress(place.address); !ok) return Fail(ok.error());
  return place;
}

Result<std::unique_ptr<LogStore>> OpenMongoStore(const mongo::Place& place,
                                                 const StoreOptions& options, Random* random,
                                                 OpeningListener listener) {
  auto store = std::make_unique<MongoStore>(place, options, random, std::move(listener));
  if (auto opened = store->Open(); !opened) return Fail(std::move(opened.error()));
  return store;
}

}  // namespace tailrace
