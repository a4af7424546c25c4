// LogStore: the durable home of all logs. Everything above it is the same for every store
// (embedded RocksDB, MongoDB, JetStream); conformance_test.h is what each must pass.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "log/chunk.h"
#include "log/log_info.h"
#include "log/log_key.h"

namespace tailrace {

// ---------------------------------------------------------------------------------------------
// What is asked

/// A producer that numbers its entries, so that it may repeat any request (api.md "Exactly-once").
struct ProducerMark {
  std::string name;       ///< 1 to kMaxProducerBytes printable ASCII.
  uint64_t sequence = 0;  ///< How many entries it had sent to this log before this run.
};
inline constexpr size_t kMaxProducerBytes = 256;
/// A log remembers the counts of so many producers; one more is refused with kTooLarge.
inline constexpr size_t kMaxProducersPerLog = 4096;

/// What a producer wants to find again after a restart.
struct Memo {
  Position at = 0;  ///< It stands for all entries before this one, so these are not needed for it.
  std::string bytes;
};
inline constexpr size_t kMaxMemoBytes = 8 << 20;

struct AppendAnswer {
  std::string incarnation;
  Position position = 0;  ///< Entries in the log behind this run (a repetition: entries there now).
  uint64_t stored = 0;    ///< Entries of the run that are in the log now, also those skipped as
                          ///< already stored: the same for a request and its repetition.
};

/// Appends a run of entries, creates the log if needed, and may end it in the same commit.
/// An empty run is allowed (it creates or only ends). Errors: kConflict (log has ended, another
/// outcome, or sequence beyond the store's count: then Error::expected), kTooLarge (producers of
/// one log), kInvalid (a name that breaks the rules), kOverloaded (too much waits for the disk),
/// kUnavailable (failed, full or closing store), kCorrupt (the log's metadata is damaged).
/// kConflict too: the log is a source's alone (kWriterLabel) and the request is not from_source.
/// A refused request changes nothing. A producer's repetition whose entries are all stored
/// succeeds on an ended log too, if it asks for no end or the same outcome; so does an empty run
/// that asks for the same outcome.
struct AppendRequest {
  LogKey key;
  EntryRun run;
  std::optional<ProducerMark> producer;
  std::optional<Outcome> end;
  std::function<void(Result<AppendAnswer>)> done;
  bool from_source = false;  ///< Of the server's own that writes this log (kWriterLabel).
  /// Kept with the log, from the same commit on, as what stands for all entries up to the last one
  /// of this run; replaces the one before. While the log is open retention leaves what is behind
  /// it. Of a producer; at most kMaxMemoBytes.
  std::optional<std::string> memo = std::nullopt;
};

/// PUT: creates the log or answers that it is there (title and labels that are given then replace
/// the old ones, on an ended log too). Of a log with kWriterLabel nobody but the source changes a
/// label or drops one: those that are not given stay, and new ones may come only if the source is
/// not alone. Errors as for AppendRequest; kInvalid: kWriterLabel is given.
struct CreateRequest {
  struct Answer {
    LogInfo info;
    bool created = false;
  };
  LogKey key;
  std::optional<std::string> title;
  std::optional<Labels> labels;
  std::function<void(Result<Answer>)> done;
  bool only_if_new = false;  ///< A log that is there stays as it is.
  bool from_source = false;  ///< As of AppendRequest.
};

/// Ends a log. Idempotent for an equal outcome, kConflict for another one or if the log is a
/// source's alone (that ends it with an append), kNotFound.
struct EndRequest {
  LogKey key;
  Outcome outcome;
  std::function<void(Result<LogInfo>)> done;
};

/// Deletes a log and all its entries. kNotFound if it is not there. A later log of the same name
/// has another incarnation and a higher number.
struct RemoveRequest {
  LogKey key;
  std::function<void(Result<LogInfo>)> done;  ///< What was deleted.
};

// ---------------------------------------------------------------------------------------------
// What is read

enum class GapCause : uint8_t { kRetention, kDamaged };

/// "retention", "damaged".
std::string_view GapCauseName(GapCause cause);

/// A run of positions: either a chunk (which may begin before the position asked for, since blocks
/// are whole), or a gap.
struct ReadItem {
  Position begin = 0;
  Position end = 0;
  ChunkPtr chunk;  ///< Null: a gap.
  GapCause cause = GapCause::kRetention;
  uint64_t text_end = 0;  ///< Of a chunk: the size of a raw download of all up to its end.
};

struct ReadAnswer {
  LogInfo info;                 ///< As of this read.
  std::vector<ReadItem> items;  ///< Contiguous; the first one holds `from`; empty at the head.
};

struct ListQuery {
  std::optional<std::string> type;
  std::optional<bool> ended;
  Labels labels;     ///< All must be equal.
  std::string text;  ///< Part of type/id or title, ASCII case ignored. Empty: all.
  /// Who asks may see it; null: all. On the thread of List.
  std::function<bool(const LogInfo& info)> visible = nullptr;
  size_t limit = 100;  ///< 1 to kMaxListLimit.
  std::string after;   ///< ListAnswer::next of the page before; empty: from the newest.
};
inline constexpr size_t kMaxListLimit = 1000;

/// A page may be shorter than `limit`, even empty, and still have a `next`: one call looks at
/// kMaxListScan logs at most.
inline constexpr size_t kMaxListScan = 20'000;

struct ListAnswer {
  std::vector<LogInfo> logs;  ///< Newest created (highest number) first.
  std::string next;           ///< Opaque; empty: no more.
};

// ---------------------------------------------------------------------------------------------
// What is new

/// One durable change of one log. Changes of a log come in order of position.
struct Commit {
  enum class Kind : uint8_t {
    kChanged,  ///< Entries (`chunks`, may be none), creation, end, new title, `first` moved.
    kRemoved,  ///< The log is gone: deleted, or retention by age took it whole.
  };
  Kind kind = Kind::kChanged;
  bool created = false;                 ///< This commit created the log.
  bool ended = false;                   ///< This commit ended the log.
  std::vector<ChunkPtr> chunks;         ///< Contiguous, ending at info->position.
  std::shared_ptr<const LogInfo> info;  ///< After the change (kRemoved: before it).
};

/// Called on the commit thread, after the fsync and before the producers are answered. Readers may
/// meet the new entries a moment before. Must not block and must not call the store. A store that
/// other processes write to tells their commits on a thread of its own (one call at a time all the
/// same); these may lack chunks, and come in another order than ours: the store has what is
/// missing.
using CommitListener = std::function<void(std::vector<Commit>)>;

struct StoreStats {
  uint64_t commits = 0;        ///< Batches written and synced.
  uint64_t entries = 0;        ///< Entries committed since the start.
  uint64_t entry_bytes = 0;    ///< Their encoded size.
  uint64_t pending_bytes = 0;  ///< Waiting for the commit thread now.
  uint64_t pending_limit_bytes = 0;
  uint64_t unsettled_bytes = 0;  ///< Small appends that are not blocks of their logs yet.
  uint64_t unsettled_limit_bytes = 0;
  uint64_t retired_entries = 0;  ///< Cut by retention since the start.
  uint64_t damaged_reads = 0;    ///< Reads that met a damaged block.
  uint64_t disk_bytes = 0;       ///< Size of all files, as last looked at.
  uint64_t logs = 0;
  uint64_t fsync_ns_total = 0;  ///< Time spent in write + fsync of all commits.
  bool failed = false;          ///< A write or fsync failed: no more writes until reopened.
  std::string failure;          ///< Why.
  /// Of a shared store, all below. Why its database is away and what is accepted waits; or empty.
  std::string waiting;
  uint64_t conflicts = 0;   ///< Commits planned again, because another process was first.
  uint64_t reconnects = 0;  ///< Connections to the database that were lost.
};

class LogStore {
 public:
  /// Waits for what was accepted, commits and answers it, then closes. Every `done` has been
  /// called when it returns.
  virtual ~LogStore() = default;

  /// Any thread; never blocks on the disk. `done` is called exactly once: on the commit thread
  /// after the change is on disk, or at once on the calling thread when refused.
  virtual void Append(AppendRequest request) = 0;
  virtual void Create(CreateRequest request) = 0;
  virtual void End(EndRequest request) = 0;
  virtual void Remove(RemoveRequest request) = 0;

  /// The rest blocks on the disk: reader threads only. They go on after a failed write.

  /// kNotFound, kUnavailable.
  virtual Result<LogInfo> Stat(const LogKey& key) = 0;
  /// Blocks from the one that holds `from` on, until their encoded size reaches `max_bytes` (at
  /// least one block) or the head. Positions below `first` are one gap (kRetention). A block that
  /// cannot be read is a gap (kDamaged). `from` beyond the head: no items. kNotFound.
  virtual Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes) = 0;
  /// The position of the entry that holds byte `offset` of the raw download of the whole log
  /// (entries before `first` counted), as the start of its block: reading on from there meets it,
  /// as an entry or inside a gap. Before `first`: 0. Beyond the end: the log's position.
  virtual Result<Position> FindTextOffset(const LogKey& key, uint64_t offset) = 0;
  /// What the last append with a memo gave; nothing: there was none, or this store keeps none.
  /// kNotFound, kUnavailable, kCorrupt.
  virtual Result<std::optional<Memo>> ReadMemo(const LogKey& /*key*/) { return std::nullopt; }
  /// kInvalid for a limit or an `after` that is none of ours.
  virtual Result<ListAnswer> List(const ListQuery& query) = 0;
  /// Looks at all logs once now, cuts what StoreOptions::retention says and returns when that is
  /// on disk. It also happens by itself every interval_s. kUnavailable.
  virtual Result<void> ApplyRetention() = 0;
  /// Any thread, does not block.
  virtual StoreStats Stats() const = 0;

  /// Set once, before the first write.
  virtual void SetCommitListener(CommitListener listener) = 0;
  /// Which logs this process has viewers for. Calls are counted: as many Unfollow as Follow. The
  /// embedded store tells all commits and needs neither; a cluster's store must not be sent what
  /// nobody here watches. Any thread.
  virtual void Follow(const LogKey& /*key*/) {}
  virtual void Unfollow(const LogKey& /*key*/) {}
};

}  // namespace tailrace
