// MongoSource: brings the documents of a MongoDB collection into the store, each exactly once.
// docs/mongodb.md says what that means for edits, deletions and late documents.
//
// One thread reads what is new of all logs (Tail) into a bounded queue; one takes all that waits
// there and appends it log by log; one notes in a file up to where all is on disk; a few
// read whole logs when they are seen or asked for the first time. What is in the store is told by
// the `_id` that every entry keeps, so any of it may be done again.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "source/log_origin.h"
#include "source/mongodb/checkpoint.h"
#include "source/mongodb/document_ids.h"
#include "source/mongodb/tail.h"
#include "source/say.h"
#include "store/log_store.h"

namespace tailrace {

class LogReader;

struct MongoSourceOptions {
  TailOptions tail;
  std::string checkpoint_path;
  uint64_t open_timeout_ms = 10'000;  ///< How long Ask may take.
  Say say;
  std::function<void(std::string&)> mask;  ///< What MaskDocument is given; empty: nothing is.
};

struct MongoSourceStats {
  bool connected = false;
  uint64_t documents = 0;          ///< Stored as entries.
  uint64_t ends = 0;               ///< "[DONE]" documents that ended a log.
  uint64_t repeated = 0;           ///< Came again and were left out.
  uint64_t invalid = 0;            ///< Their type or id can't be a log's name.
  uint64_t after_end = 0;          ///< Came behind the end of their log.
  uint64_t edits = 0;              ///< Changes of documents, which are not followed.
  uint64_t deletes = 0;            ///< The same.
  uint64_t reconnects = 0;         ///< Connections lost.
  uint64_t resets = 0;             ///< Times that all open logs had to be compared.
  uint64_t imports = 0;            ///< Logs read as a whole.
  uint64_t queries = 0;            ///< Cursors and change streams opened.
  uint64_t waiting_logs = 0;       ///< To be read as a whole, now.
  uint64_t waiting_documents = 0;  ///< Read and not stored yet.
  double lag_seconds = 0;          ///< Age of the oldest of them.
};

class MongoSource final : public LogOrigin {
 public:
  /// All outlive it; `random` is used on several threads. kInvalid: the address.
  static Result<std::unique_ptr<MongoSource>> Make(LogStore& store, MongoSourceOptions options,
                                                   Random& random);
  ~MongoSource() override;

  /// Once: starts its threads, which append from now on.
  void Start();

  /// No more appends; answers who waits. The store may go away after it. Takes as long as the
  /// driver waits for a server that does not answer (seconds).
  void Stop();

  void Ask(const LogKey& key, Done done) override;
  void Forget(const LogKey& key) override;
  /// Any thread.
  MongoSourceStats Stats() const;

 private:
  using Steady = std::chrono::steady_clock;
  struct Waiter {
    Done done;
    Steady::time_point deadline;
  };
  struct Log {
    enum class Stage : uint8_t { kQueued, kImporting, kReady };
    Stage stage = Stage::kQueued;
    bool compare = false;  ///< The next import must not believe that the store has all of it.
    bool again = false;    ///< One more import must follow the one under way.
    bool loaded = false;   ///< `count` and `recent` are right.
    bool ended = false;
    bool failed = false;             ///< The last import; it is tried again.
    uint64_t count = 0;              ///< Entries stored by this epoch's producer.
    std::vector<uint64_t> imported;  ///< Ids that the last import read, sorted; the tail may tell
    uint64_t until = 0;              ///< of them up to this stamp.
    uint64_t used = 0;               ///< For the order in which they are forgotten.
    RecentIds recent;
    std::vector<TailEvent> held;  ///< Came during an import.
    size_t held_bytes = 0;
    std::vector<Waiter> waiters;
  };
  struct Import;
  struct Pending;

  MongoSource(LogStore& store, MongoSourceOptions options, Random& random);

  // mongo_follow.cc, the reader's thread
  void RunTail();
  bool FollowTail(Tail& tail);
  bool Push(std::vector<TailEvent> events);
  /// False: it is time to stop.
  bool Rest(std::chrono::milliseconds time);
  void TellConnected(const Result<void>& result);

  // mongo_follow.cc, the appending thread
  void RunApply();
  std::vector<TailEvent> TakeQueued();
  void ApplyBatch(std::vector<TailEvent> events);
  bool ApplyLog(const LogKey& key, std::vector<TailEvent> events, std::vector<Pending>& pending);
  void CountInvalid(const MongoDocument& document);
  bool Prepare(const LogKey& key);
  void Settle(Pending& pending);
  void Reset();
  void ExpireWaiters();
  void ForgetImported();
  void ForgetOldest();

  // mongo_save.cc, the thread that saves; and the appending one
  void RunSave();
  void WaitUntilSaved();
  Result<void> Save();

  // mongo_import.cc
  void RunImports();
  bool TakeQueuedLog(LogKey& key, bool& compare);
  void QueueOpenLogs();
  Result<void> DoImport(Import& import);
  Result<void> ReadLog(Import& import);
  Result<void> StoreLog(Import& import, LogReader& reader);
  Result<void> AppendBatch(Import& import, EntryRun run, bool last, bool ends = false);
  void FinishImport(Import& import, Result<void> result);
  Result<void> LoadIfHeld(Import& import);
  bool ApplyHeld(const Import& import, Log& log, std::vector<Waiter>& waiters);
  void RememberAbsent(const LogKey& key);
  void Answer(std::vector<Waiter> waiters, const Result<void>& result);

  // mongo_source.cc
  /// Waits until the store has answered.
  Result<AppendAnswer> AppendNow(AppendRequest request);
  /// Entries stored by this epoch's producer; nothing: the log has ended.
  Result<std::optional<uint64_t>> StoredCount(const LogKey& key);
  /// The request that stores what is new among `events`; nothing: there is none.
  std::optional<AppendRequest> MakeAppend(const LogKey& key, Log& log,
                                          std::vector<TailEvent> events);
  void Hold(Log& log, std::vector<TailEvent> events);
  void Queue(const LogKey& key, Log& log, bool compare);
  TimeNs EntryTime(const MongoDocument& document) const;
  void AddEntry(EntryRun& run, MongoDocument document) const;
  std::string Producer() const;

  LogStore& store_;
  const MongoSourceOptions options_;
  Random& random_;
  TailShared shared_;
  std::atomic<uint64_t> documents_ = 0, ends_ = 0, repeated_ = 0, invalid_ = 0, after_end_ = 0,
                        edits_ = 0, deletes_ = 0, reconnects_ = 0, resets_ = 0, imports_ = 0;
  std::atomic<bool> connected_ = false;
  std::atomic<bool> streams_ = true;  ///< The tail's stamps are cluster times.

  mutable std::mutex mutex_;
  std::condition_variable queue_changed_;   ///< Of queue_.
  std::condition_variable import_changed_;  ///< Of imports_waiting_, and of stopping.
  std::condition_variable save_changed_;    ///< Of unsaved_events_.
  bool stopping_ = false;                   ///< Guarded by mutex_, as all below.
  std::deque<TailEvent> queue_;
  size_t queue_bytes_ = 0;
  std::unordered_map<LogKey, Log> logs_;
  std::deque<LogKey> imports_waiting_;
  std::map<LogKey, Steady::time_point> absent_;  ///< Not in the collection, until then.
  std::set<LogKey> unfinished_;                  ///< MongoCheckpoint's.
  std::string epoch_;
  std::string state_;          ///< Everything up to there is in the store, or in `unfinished`.
  uint64_t passed_stamp_ = 0;  ///< The same, as a stamp.
  size_t all_held_bytes_ = 0;
  uint64_t uses_ = 0;
  std::vector<LogKey> retries_;  ///< Imports that failed; queued again at `retry_at_`.
  Steady::time_point retry_at_;
  size_t waiters_ = 0;
  bool resync_ = false;  ///< The open logs behind `resync_after_` are still to be queued.
  std::string resync_after_;

  size_t unsaved_events_ = 0;  ///< Taken into `state_` since what was saved last.

  std::mutex save_mutex_;  ///< One writer of the checkpoint's file; taken before mutex_.
  std::atomic<bool> was_saved_ = false;  ///< Since the appending thread last asked.
  std::string tail_state_;               ///< The reader's: behind all that it has queued.
  bool said_down_ = false;               ///< The same.

  std::vector<std::thread> threads_;
};

}  // namespace tailrace
