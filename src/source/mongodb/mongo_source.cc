#include "source/mongodb/mongo_source.h"

#include <algorithm>
#include <future>
#include <utility>

namespace tailrace {
namespace {

constexpr size_t kEpochLength = 8;
constexpr size_t kImportThreads = 3;
constexpr size_t kMaxHeldEvents = 32'768;   // of one log
constexpr size_t kMaxHeldBytes = 16 << 20;  // the same
constexpr size_t kMaxAllHeldBytes = 64 << 20;
constexpr size_t kMaxWaitingImports = 10'000;
constexpr TimeNs kNsPerSecond = 1'000'000'000;
constexpr TimeNs kLiveNs = 10 * kNsPerSecond;  // younger documents have just been written
constexpr std::chrono::milliseconds kRoomPoll{10};

}  // namespace

Result<std::unique_ptr<MongoSource>> MongoSource::Make(LogStore& store, MongoSourceOptions options,
                                                       Random& random) {
  if (auto ok = CheckMongoAddress(options.tail.address); !ok) return Fail(ok.error());
  return std::unique_ptr<MongoSource>(new MongoSource(store, std::move(options), random));
}

void MongoSource::Start() {
  threads_.emplace_back([this] { RunTail(); });
  threads_.emplace_back([this] { RunApply(); });
  threads_.emplace_back([this] { RunSave(); });
  for (size_t i = 0; i < kImportThreads; ++i) threads_.emplace_back([this] { RunImports(); });
}

MongoSource::MongoSource(LogStore& store, MongoSourceOptions options, Random& random)
    : store_(store), options_(std::move(options)), random_(random) {
  const MongoCheckpoint checkpoint = ReadCheckpoint(options_.checkpoint_path);
  epoch_ = checkpoint.epoch.empty() ? random_.Name(kEpochLength) : checkpoint.epoch;
  state_ = tail_state_ = checkpoint.state;
  for (const LogKey& key : checkpoint.unfinished) {
    unfinished_.insert(key);
    Queue(key, logs_[key], true);
  }
}

MongoSource::~MongoSource() {
  Stop();
}

void MongoSource::Stop() {
  shared_.stopping = true;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  queue_changed_.notify_all();
  import_changed_.notify_all();
  save_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, log] : logs_) {
      std::ranges::move(log.waiters, std::back_inserter(waiters));
      log.waiters.clear();
    }
  }
  Answer(std::move(waiters), Fail(ErrorCode::kUnavailable, "the server is stopping"));
}

void MongoSource::Ask(const LogKey& key, Done done) {
  Result<void> answer;
  {
    const std::lock_guard lock(mutex_);
    const auto found = logs_.find(key);
    const auto absent = absent_.find(key);
    const bool is_absent =
        found == logs_.end() && absent != absent_.end() && absent->second > Steady::now();
    if (found != logs_.end() && found->second.stage == Log::Stage::kReady) {
      found->second.used = ++uses_;
    } else if (stopping_) {
      answer = Fail(ErrorCode::kUnavailable, "the server is stopping");
    } else if (found != logs_.end() && found->second.failed) {
      answer = Fail(ErrorCode::kUnavailable, "MongoDB cannot be reached");
    } else if (found == logs_.end() && imports_waiting_.size() >= kMaxWaitingImports) {
      answer = Fail(ErrorCode::kOverloaded, "too many logs wait to be read from MongoDB");
    } else if (!is_absent) {
      if (found == logs_.end()) Queue(key, logs_[key], false);
      if (!done) return;
      const auto limit = std::chrono::milliseconds(options_.open_timeout_ms);
      logs_[key].waiters.push_back({std::move(done), Steady::now() + limit});
      ++waiters_;
      return;
    }
  }
  if (done) done(std::move(answer));
}

void MongoSource::Forget(const LogKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = logs_.find(key);
  if (found == logs_.end()) return;
  if (found->second.stage == Log::Stage::kReady) {
    logs_.erase(found);
  } else {
    found->second.again = true;
  }
}

MongoSourceStats MongoSource::Stats() const {
  MongoSourceStats stats{.connected = connected_.load(),
                         .documents = documents_.load(),
                         .ends = ends_.load(),
                         .repeated = repeated_.load(),
                         .invalid = invalid_.load(),
                         .after_end = after_end_.load(),
                         .edits = edits_.load(),
                         .deletes = deletes_.load(),
                         .reconnects = reconnects_.load(),
                         .resets = resets_.load(),
                         .imports = imports_.load(),
                         .queries = shared_.queries.load()};
  const std::lock_guard lock(mutex_);
  stats.waiting_logs = imports_waiting_.size() + retries_.size();
  stats.waiting_documents = queue_.size();
  if (!queue_.empty() && queue_.front().time != 0) {
    const TimeNs age = options_.tail.clock->Now() - queue_.front().time;
    stats.lag_seconds = std::max(0.0, static_cast<double>(age) / kNsPerSecond);
  }
  return stats;
}

// ------------------------------------------------------------------------------------------------
// What both the appending and the importing threads do

std::string MongoSource::Producer() const {
  return "mongodb-" + epoch_;
}

Result<AppendAnswer> MongoSource::AppendNow(AppendRequest request) {
  // So that what is read from MongoDB does not crowd out other producers.
  for (StoreStats stats = store_.Stats(); stats.pending_bytes > stats.pending_limit_bytes / 2;
       stats = store_.Stats()) {
    if (!Rest(kRoomPoll)) return Fail(ErrorCode::kUnavailable, "the server is stopping");
  }
  auto promise = std::make_shared<std::promise<Result<AppendAnswer>>>();
  auto answer = promise->get_future();
  request.done = [promise](Result<AppendAnswer> result) { promise->set_value(std::move(result)); };
  store_.Append(std::move(request));
  return answer.get();
}

Result<std::optional<uint64_t>> MongoSource::StoredCount(const LogKey& key) {
  AppendRequest request;
  request.key = key;
  {
    const std::lock_guard lock(mutex_);
    request.producer = ProducerMark{Producer(), UINT64_MAX};  // it is refused, with the count
  }
  const auto answer = AppendNow(std::move(request));
  if (answer) return Fail(ErrorCode::kInternal, "a sequence that cannot be was taken");
  if (answer.error().code != ErrorCode::kConflict) return Fail(answer.error());
  if (!answer.error().has_expected) return std::nullopt;
  return answer.error().expected;
}

TimeNs MongoSource::EntryTime(const MongoDocument& document) const {
  const TimeNs now = options_.tail.clock->Now();
  const TimeNs age = now - document.time;
  const bool is_live = document.time == 0 || (age >= -kNsPerSecond && age < kLiveNs);
  return is_live ? now : document.time;
}

void MongoSource::AddEntry(EntryRun& run, MongoDocument document) const {
  if (options_.mask) MaskDocument(document, options_.mask);
  run.Add({.time = EntryTime(document), .text = document.text, .fields = document.fields});
}

std::optional<AppendRequest> MongoSource::MakeAppend(const LogKey& key, Log& log,
                                                     std::vector<TailEvent> events) {
  AppendRequest request{.key = key, .producer = ProducerMark{Producer(), log.count}};
  for (TailEvent& event : events) {
    const uint64_t id_hash = event.document.id_hash;
    if (std::ranges::binary_search(log.imported, id_hash)) continue;
    if (log.recent.Contains(id_hash)) {
      repeated_.fetch_add(1);
    } else if (log.ended || request.end) {
      after_end_.fetch_add(1);
    } else if (event.document.done) {
      request.end = Outcome{.kind = OutcomeKind::kSucceeded};
    } else {
      AddEntry(request.run, std::move(event.document));
    }
    log.recent.Add(id_hash);
  }
  if (request.run.Empty() && !request.end) return std::nullopt;
  return request;
}

void MongoSource::Hold(Log& log, std::vector<TailEvent> events) {
  for (TailEvent& event : events) {
    const size_t bytes = event.document.Bytes();
    log.held_bytes += bytes;
    all_held_bytes_ += bytes;
    log.held.push_back(std::move(event));
  }
  const bool too_much = log.held.size() > kMaxHeldEvents || log.held_bytes > kMaxHeldBytes ||
                        all_held_bytes_ > kMaxAllHeldBytes;
  if (!too_much) return;
  // An import that begins later finds them in the collection.
  (log.stage == Log::Stage::kImporting ? log.again : log.compare) = true;
  all_held_bytes_ -= std::exchange(log.held_bytes, 0);
  log.held.clear();
}

void MongoSource::Queue(const LogKey& key, Log& log, bool compare) {
  log.stage = Log::Stage::kQueued;
  log.compare |= compare;
  log.loaded = false;
  imports_waiting_.push_back(key);
  import_changed_.notify_all();
}

bool MongoSource::Rest(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  import_changed_.wait_for(lock, time, [this] { return stopping_; });
  return !stopping_;
}

void MongoSource::Answer(std::vector<Waiter> waiters, const Result<void>& result) {
  for (Waiter& waiter : waiters) waiter.done(result);
}

}  // namespace tailrace
