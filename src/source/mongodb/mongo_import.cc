// MongoSource: the threads that read whole logs.
#include <algorithm>
#include <utility>

#include "source/mongodb/log_reader.h"
#include "source/mongodb/mongo_source.h"

namespace tailrace {
namespace {

constexpr uint64_t kRunEntries = 1'000;
constexpr size_t kRunBytes = 2 << 20;
constexpr std::chrono::milliseconds kRetry{500};
constexpr std::chrono::milliseconds kAbsent{1'000};
constexpr size_t kMaxAbsent = 10'000;
constexpr size_t kResyncLogs = 500;

}  // namespace

struct MongoSource::Import {
  LogKey key;
  bool compare = false;
  std::string producer;
  std::optional<LogInfo> info;  // as stored before
  // What came out.
  bool found = false;
  bool loaded = false;
  bool ended = false;
  uint64_t count = 0;
  std::vector<uint64_t> read;  // ids
  uint64_t until = 0;
  RecentIds recent;
};

void MongoSource::RunImports() {
  for (;;) {
    Import import;
    if (!TakeQueuedLog(import.key, import.compare)) return;
    if (import.key.type.empty()) {
      QueueOpenLogs();
      continue;
    }
    Result<void> result = DoImport(import);
    FinishImport(import, std::move(result));
  }
}

// False: it is time to stop. An empty key: the open logs are to be queued.
bool MongoSource::TakeQueuedLog(LogKey& key, bool& compare) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_) return false;
    const auto now = Steady::now();
    if (!retries_.empty() && now >= retry_at_) {
      std::ranges::move(retries_, std::back_inserter(imports_waiting_));
      retries_.clear();
    }
    if (!imports_waiting_.empty()) break;
    if (std::exchange(resync_, false)) {
      key = {};
      return true;
    }
    import_changed_.wait_for(lock, kRetry);
  }
  key = std::move(imports_waiting_.front());
  imports_waiting_.pop_front();
  Log& log = logs_[key];
  log.stage = Log::Stage::kImporting;
  compare = log.compare || unfinished_.contains(key);
  return true;
}

void MongoSource::QueueOpenLogs() {
  ListQuery query{.ended = false, .limit = kResyncLogs};
  {
    const std::lock_guard lock(mutex_);
    query.after = resync_after_;
  }
  const auto list = store_.List(query);
  const std::lock_guard lock(mutex_);
  if (!list) {
    resync_ = true;
    return;
  }
  for (const LogInfo& info : list->logs) {
    const auto [found, is_new] = logs_.try_emplace(info.key);
    if (is_new) Queue(info.key, found->second, true);
  }
  const bool is_current = resync_after_ == query.after;  // no reset has come between
  if (is_current) {
    resync_after_ = list->next;
    resync_ |= !list->next.empty();
  }
}

Result<void> MongoSource::DoImport(Import& import) {
  {
    const std::lock_guard lock(mutex_);
    import.producer = Producer();
  }
  Result<LogInfo> info = store_.Stat(import.key);
  if (!info && info.error().code != ErrorCode::kNotFound) return Fail(info.error());
  if (info) {
    import.found = true;
    import.info = std::move(*info);
    const auto count = StoredCount(import.key);
    if (!count) return Fail(count.error());
    import.ended = !count->has_value();
    import.count = count->value_or(0);
    import.loaded = import.ended;
    if (import.ended || (import.count > 0 && !import.compare)) return {};
  }
  return ReadLog(import);
}

Result<void> MongoSource::ReadLog(Import& import) {
  auto client = MongoClient::Make(options_.tail.address);
  if (!client) return Fail(client.error());
  shared_.queries.fetch_add(1);
  imports_.fetch_add(1);
  LogReader reader(**client, import.key);
  if (auto ok = StoreLog(import, reader); !ok) return ok;
  const Result<MongoHello> hello = (*client)->Hello();
  if (!hello) return Fail(hello.error());
  import.until = streams_.load() ? hello->time : shared_.polls.load() + 1;
  std::ranges::sort(import.read);
  import.loaded = true;
  return {};
}

Result<void> MongoSource::StoreLog(Import& import, LogReader& reader) {
  auto stored = StoredIds::Load(store_, import.info ? &*import.info : nullptr);
  if (!stored) return Fail(stored.error());
  EntryRun run;
  bool ends = false;
  MongoDocument document;
  while (!ends) {
    if (shared_.stopping.load()) return Fail(ErrorCode::kUnavailable, "the server is stopping");
    const Result<bool> more = reader.Next(document);
    if (!more) return Fail(more.error());
    if (!*more) break;
    import.found = true;
    import.read.push_back(document.id_hash);
    import.recent.Add(document.id_hash);
    if (document.done) {
      ends = true;
    } else if (!stored->Take(document.id_hash, document.time)) {
      AddEntry(run, std::move(document));
    }
    if (run.count < kRunEntries && run.encoded.size() < kRunBytes) continue;
    if (auto ok = AppendBatch(import, std::exchange(run, {}), false); !ok) return ok;
  }
  if (run.Empty() && !ends) return {};
  return AppendBatch(import, std::move(run), true, ends);
}

Result<void> MongoSource::AppendBatch(Import& import, EntryRun run, bool last, bool ends) {
  if (!last) {
    bool is_new = false;
    {
      const std::lock_guard lock(mutex_);
      is_new = unfinished_.insert(import.key).second;
    }
    if (is_new) {
      if (auto saved = Save(); !saved) return saved;
    }
  }
  AppendRequest request{.key = import.key, .producer = ProducerMark{import.producer, import.count}};
  const uint64_t entries = run.count;
  request.run = std::move(run);
  if (ends) request.end = Outcome{.kind = OutcomeKind::kSucceeded};
  const auto answer = AppendNow(std::move(request));
  if (!answer) return Fail(answer.error());
  import.count += entries;
  import.ended |= ends;
  documents_.fetch_add(entries);
  if (ends) ends_.fetch_add(1);
  return {};
}

void MongoSource::FinishImport(Import& import, Result<void> result) {
  if (result) result = LoadIfHeld(import);
  std::vector<Waiter> waiters;
  std::unique_lock lock(mutex_);
  Log& log = logs_[import.key];
  log.failed = !result.has_value();
  if (result) {
    unfinished_.erase(import.key);
    log.compare = false;
    log.count = import.count;
    log.imported = std::move(import.read);
    log.until = import.until;
    log.ended = import.ended;
    log.recent = std::move(import.recent);
    lock.unlock();
    const bool is_ready = ApplyHeld(import, log, waiters);
    lock.lock();
    if (!is_ready) Queue(import.key, log, true);
  } else {
    log.stage = Log::Stage::kQueued;
    log.compare = true;
    if (retries_.empty()) retry_at_ = Steady::now() + kRetry;
    retries_.push_back(import.key);
    std::swap(waiters, log.waiters);
  }
  waiters_ -= waiters.size();
  lock.unlock();
  Answer(std::move(waiters), result);
}

// There is nothing of the log, for now: an event of it makes it known.
void MongoSource::RememberAbsent(const LogKey& key) {
  if (absent_.size() >= kMaxAbsent) absent_.clear();
  absent_[key] = Steady::now() + kAbsent;
  logs_.erase(key);
}

// A log that the store has all of was not read; what came meanwhile may be in it or not.
Result<void> MongoSource::LoadIfHeld(Import& import) {
  if (import.loaded || !import.found) return {};
  {
    const std::lock_guard lock(mutex_);
    if (logs_[import.key].held.empty()) return {};
  }
  auto recent = LoadRecentIds(store_, *import.info);
  if (!recent) return Fail(recent.error());
  import.recent = std::move(*recent);
  import.loaded = true;
  return {};
}

// Appends what came during the import and was not in it, until there is no more; then the log is
// ready, nobody waits for it any more, and it may be gone. False: it must be imported again.
bool MongoSource::ApplyHeld(const Import& import, Log& log, std::vector<Waiter>& waiters) {
  for (;;) {
    std::optional<AppendRequest> request;
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(log.again, false)) return false;
      if (!import.loaded && !log.held.empty()) return false;
      if (log.held.empty()) {
        std::swap(waiters, log.waiters);
        log.stage = Log::Stage::kReady;
        log.loaded = import.loaded;
        log.used = ++uses_;
        if (!import.found && log.count == 0) RememberAbsent(import.key);
        return true;
      }
      all_held_bytes_ -= std::exchange(log.held_bytes, 0);
      request = MakeAppend(import.key, log, std::exchange(log.held, {}));
    }
    if (!request) continue;
    const uint64_t entries = request->run.count;
    const bool ends = request->end.has_value();
    if (!AppendNow(std::move(*request))) return false;
    documents_.fetch_add(entries);
    if (ends) ends_.fetch_add(1);
    const std::lock_guard lock(mutex_);
    log.count += entries;
    log.ended |= ends;
  }
}

}  // namespace tailrace
