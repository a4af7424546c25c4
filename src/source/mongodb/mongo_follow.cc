// MongoSource: the thread that reads what is new, and the one that appends it.
#include <algorithm>
#include <future>
#include <utility>

#include "source/mongodb/mongo_source.h"

namespace tailrace {
namespace {

constexpr std::chrono::milliseconds kFirstBackoff{100};
constexpr std::chrono::milliseconds kLastBackoff{5'000};
constexpr size_t kMaxQueuedEvents = 2'000;
constexpr size_t kMaxQueuedBytes = 16 << 20;
constexpr size_t kMaxBatchEvents = 1'000;
constexpr std::chrono::milliseconds kTick{250};
constexpr size_t kMaxKnownLogs = 4'096;
constexpr size_t kMaxLoadedLogs = 256;
constexpr size_t kEpochLength = 8;

}  // namespace

struct MongoSource::Pending {
  LogKey key;
  uint64_t entries;
  bool ends;
  std::future<Result<AppendAnswer>> answer;
};

// ------------------------------------------------------------------------------------------------
// Reading

void MongoSource::RunTail() {
  std::chrono::milliseconds backoff = kFirstBackoff;
  while (!shared_.stopping.load()) {
    auto opened = OpenTail(options_.tail, tail_state_, shared_);
    TellConnected(opened ? Result<void>() : Fail(opened.error()));
    if (!opened) {
      const auto jitter = std::chrono::milliseconds(random_.Between(0, backoff.count() / 2));
      if (!Rest(backoff + jitter)) return;
      backoff = std::min(backoff * 2, kLastBackoff);
      continue;
    }
    backoff = kFirstBackoff;
    streams_ = opened->streams;
    if (!opened->continuous) {
      std::vector<TailEvent> reset(1);
      reset[0].kind = TailEvent::Kind::kReset;
      if (!Push(std::move(reset))) return;
    }
    if (!FollowTail(*opened->tail)) return;
    reconnects_.fetch_add(1);
    if (!Rest(kFirstBackoff)) return;
  }
}

// False: it is time to stop. True: the connection is lost.
bool MongoSource::FollowTail(Tail& tail) {
  while (!shared_.stopping.load()) {
    auto events = tail.Next();
    if (!events) {
      if (events.error().code == ErrorCode::kConflict) tail_state_.clear();
      TellConnected(Fail(events.error()));
      return true;
    }
    for (const TailEvent& event : *events) {
      if (!event.state.empty()) tail_state_ = event.state;
    }
    if (!Push(std::move(*events))) return false;
  }
  return false;
}

bool MongoSource::Push(std::vector<TailEvent> events) {
  std::unique_lock lock(mutex_);
  queue_changed_.wait(lock, [this] {
    return stopping_ || (queue_.size() < kMaxQueuedEvents && queue_bytes_ < kMaxQueuedBytes);
  });
  if (stopping_) return false;
  for (TailEvent& event : events) {
    const auto kind = TailEvent::Kind::kNothing;
    if (event.kind == kind && !queue_.empty() && queue_.back().kind == kind) {
      queue_.back().stamp = std::max(queue_.back().stamp, event.stamp);
      if (!event.state.empty()) queue_.back().state = std::move(event.state);
      continue;
    }
    queue_bytes_ += event.document.Bytes();
    queue_.push_back(std::move(event));
  }
  lock.unlock();
  queue_changed_.notify_all();
  return true;
}

void MongoSource::TellConnected(const Result<void>& result) {
  connected_ = result.has_value();
  if (result && std::exchange(said_down_, false)) {
    options_.say.note("MongoDB is there again");
  } else if (!result && !std::exchange(said_down_, true)) {
    options_.say.warn(result.error().message + "; it is tried again");
  }
}

// ------------------------------------------------------------------------------------------------
// Appending

void MongoSource::RunApply() {
  for (;;) {
    std::vector<TailEvent> events = TakeQueued();
    if (shared_.stopping.load()) break;
    if (!events.empty()) ApplyBatch(std::move(events));
    WaitUntilSaved();
    if (was_saved_.exchange(false)) ForgetOldest();
    ExpireWaiters();
  }
  if (auto saved = Save(); !saved) options_.say.warn(saved.error().message);
}

std::vector<TailEvent> MongoSource::TakeQueued() {
  std::unique_lock lock(mutex_);
  queue_changed_.wait_for(lock, kTick, [this] { return stopping_ || !queue_.empty(); });
  std::vector<TailEvent> events;
  while (!queue_.empty() && events.size() < kMaxBatchEvents) {
    queue_bytes_ -= queue_.front().document.Bytes();
    events.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  lock.unlock();
  queue_changed_.notify_all();
  return events;
}

void MongoSource::ApplyBatch(std::vector<TailEvent> events) {
  std::vector<std::pair<LogKey, std::vector<TailEvent>>> groups;
  std::unordered_map<LogKey, size_t> group_of;
  std::string state;
  uint64_t stamp = 0;
  size_t count = 0;
  for (TailEvent& event : events) {
    count += event.kind == TailEvent::Kind::kNothing ? 0 : 1;
    if (!event.state.empty()) state = event.state;
    stamp = std::max(stamp, event.stamp);
    if (event.kind == TailEvent::Kind::kEdited) edits_.fetch_add(1);
    if (event.kind == TailEvent::Kind::kDeleted) deletes_.fetch_add(1);
    if (event.kind == TailEvent::Kind::kReset) {
      // What comes before it in this batch is in the collection; all logs are compared.
      groups.clear();
      group_of.clear();
      state.clear();
      stamp = 0;
      Reset();
    }
    if (event.kind != TailEvent::Kind::kDocument) continue;
    if (!event.document.key) {
      CountInvalid(event.document);
      continue;
    }
    const LogKey& key = *event.document.key;
    const auto [group, is_new] = group_of.emplace(key, groups.size());
    if (is_new) groups.emplace_back(key, std::vector<TailEvent>());
    groups[group->second].second.push_back(std::move(event));
  }
  std::vector<Pending> pending;
  bool all_taken = true;
  for (auto& [key, group] : groups) all_taken &= ApplyLog(key, std::move(group), pending);
  for (Pending& one : pending) Settle(one);
  if (!all_taken) return;
  const std::lock_guard lock(mutex_);
  unsaved_events_ += count;
  if (!state.empty()) state_ = std::move(state);
  if (stamp > passed_stamp_) {
    passed_stamp_ = stamp;
    ForgetImported();
  }
}

void MongoSource::CountInvalid(const MongoDocument& document) {
  if (invalid_.fetch_add(1) > 0) return;
  options_.say.warn(
      "MongoDB: a document belongs to no log, and any more like it are only counted: " +
      document.problem);
}

// False: it is time to stop, and the events were not taken.
bool MongoSource::ApplyLog(const LogKey& key, std::vector<TailEvent> events,
                           std::vector<Pending>& pending) {
  if (!Prepare(key)) return false;
  std::unique_lock lock(mutex_);
  Log& log = logs_[key];
  log.used = ++uses_;
  if (log.stage != Log::Stage::kReady) {
    Hold(log, std::move(events));
    return true;
  }
  auto request = MakeAppend(key, log, std::move(events));
  lock.unlock();
  if (!request) return true;
  auto promise = std::make_shared<std::promise<Result<AppendAnswer>>>();
  pending.push_back({key, request->run.count, request->end.has_value(), promise->get_future()});
  request->done = [promise](Result<AppendAnswer> result) { promise->set_value(std::move(result)); };
  store_.Append(std::move(*request));
  return true;
}

// Makes sure that the log is known: as one whose events can be appended, or as one to be imported.
// False: it is time to stop.
bool MongoSource::Prepare(const LogKey& key) {
  bool may_have_holes = false;
  {
    const std::lock_guard lock(mutex_);
    absent_.erase(key);
    const auto found = logs_.find(key);
    const bool is_ready = found != logs_.end() && found->second.stage == Log::Stage::kReady;
    if (found != logs_.end() && (!is_ready || found->second.loaded)) return true;
    may_have_holes = unfinished_.contains(key);
  }
  const Result<LogInfo> info = store_.Stat(key);
  Result<std::optional<uint64_t>> count = 0;
  Result<RecentIds> recent;
  if (info && !info->HasEnded()) count = StoredCount(key);
  if (shared_.stopping.load()) return false;
  const bool ended = (info && info->HasEnded()) || (count && !*count);
  const bool is_whole = info && count && (ended || (*count > 0 && !may_have_holes));
  if (is_whole && !ended) recent = LoadRecentIds(store_, *info);

  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = logs_.try_emplace(key);
  Log& log = found->second;
  if (!is_new && log.stage != Log::Stage::kReady) return true;
  if (!is_whole || !recent) {
    const bool is_empty = !info && info.error().code == ErrorCode::kNotFound;
    Queue(key, log, !is_empty);
    return true;
  }
  log.stage = Log::Stage::kReady;
  log.loaded = true;
  log.ended = ended;
  log.count = count->value_or(0);
  log.recent = std::move(*recent);
  return true;
}

void MongoSource::Settle(Pending& pending) {
  const Result<AppendAnswer> answer = pending.answer.get();
  if (answer) {
    documents_.fetch_add(pending.entries);
    if (pending.ends) ends_.fetch_add(1);
  }
  const std::lock_guard lock(mutex_);
  const auto found = logs_.find(pending.key);
  if (!answer) {
    // Read from the collection again. Not known any more: deleted from the store a moment ago.
    if (found == logs_.end() || found->second.stage == Log::Stage::kReady) {
      Queue(pending.key, logs_[pending.key], true);
    }
    return;
  }
  if (found == logs_.end()) return;
  Log& log = found->second;
  log.count += pending.entries;
  log.ended |= pending.ends;
}

// What happened since the last tail was not seen: nothing that is stored can be relied on to have
// no holes, so it gets another producer's name, under which nothing is stored yet.
void MongoSource::Reset() {
  resets_.fetch_add(1);
  {
    const std::lock_guard lock(mutex_);
    epoch_ = random_.Name(kEpochLength);
    state_.clear();
    passed_stamp_ = 0;
    std::erase_if(logs_,
                  [](const auto& known) { return known.second.stage == Log::Stage::kReady; });
    for (auto& [key, log] : logs_) {
      log.compare = true;
      log.again = log.stage == Log::Stage::kImporting;
      all_held_bytes_ -= std::exchange(log.held_bytes, 0);
      log.held.clear();
    }
    resync_ = true;
    resync_after_.clear();
  }
  import_changed_.notify_all();
  if (auto saved = Save(); !saved) options_.say.warn(saved.error().message);
}

void MongoSource::ExpireWaiters() {
  std::vector<Waiter> late;
  {
    const std::lock_guard lock(mutex_);
    if (waiters_ == 0) return;
    const auto now = Steady::now();
    for (auto& [key, log] : logs_) {
      const auto kept = std::ranges::partition(
          log.waiters, [now](const Waiter& waiter) { return waiter.deadline > now; });
      std::ranges::move(kept, std::back_inserter(late));
      log.waiters.erase(kept.begin(), kept.end());
    }
    waiters_ -= late.size();
  }
  Answer(std::move(late),
         Fail(ErrorCode::kUnavailable, "reading the log from MongoDB takes longer"));
}

// What imports have read, as soon as the tail cannot tell of it any more.
void MongoSource::ForgetImported() {
  for (auto& [key, log] : logs_) {
    const bool is_passed = log.stage == Log::Stage::kReady && log.until <= passed_stamp_;
    if (is_passed) std::vector<uint64_t>().swap(log.imported);
  }
}

// Logs that nothing was heard of for longest. A log that was read beyond where the tail is stays.
void MongoSource::ForgetOldest() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<uint64_t, LogKey>> idle;
  for (const auto& [key, log] : logs_) {
    if (log.stage != Log::Stage::kReady || log.until > passed_stamp_) continue;
    idle.emplace_back(log.used, key);
  }
  if (idle.size() <= kMaxLoadedLogs) return;
  std::ranges::sort(idle);
  for (size_t i = 0; i + kMaxLoadedLogs < idle.size(); ++i) {
    const auto found = logs_.find(idle[i].second);
    if (i + kMaxKnownLogs < idle.size()) {
      logs_.erase(found);
    } else if (std::exchange(found->second.loaded, false)) {
      found->second.recent = RecentIds();
    }
  }
}

}  // namespace tailrace
