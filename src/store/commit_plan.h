// What one commit does, put together in memory before anything is written, and what a store must
// do to carry it out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "log/chunk.h"
#include "store/log_state.h"
#include "store/log_store.h"

namespace tailrace {

/// Retention's wish. It was made from an older state of the log: the planner checks it.
struct RetireRequest {
  LogKey key;
  uint64_t number = 0;         ///< Of the log that was looked at; another one is left alone.
  bool whole = false;          ///< Remove the log, if it has ended.
  Position first = 0;          ///< The new oldest entry: the start of a block, or the head.
  uint64_t text_first = 0;     ///< LogState::TextFirst() then.
  uint64_t encoded_first = 0;  ///< LogState::encoded_first then.
  std::function<void(Result<LogInfo>)> done;
};

using StoreRequest =
    std::variant<AppendRequest, CreateRequest, EndRequest, RemoveRequest, RetireRequest>;

/// What carrying out a change must know of the log as it was.
struct LogBefore {
  Position first = 0;
  uint64_t encoded_first = 0;
  uint64_t encoded_end = 0;
};

/// The changes of one log in one commit. A log that was removed has only `before` and its last
/// state.
struct LogDraft {
  std::optional<LogBefore> before;  ///< Nothing: the commit creates the log.
  LogState state;                   ///< After the commit.
  bool removed = false;
  bool ended = false;         ///< By this commit.
  bool record = false;        ///< More than entries changed: title, end, `first`, producers, memo.
  std::vector<Chunk> blocks;  ///< Moved into `chunks` when the plan is finished.
  std::vector<ChunkPtr> chunks;               ///< New blocks: [before position, state position).
  std::map<std::string, uint64_t> producers;  ///< Counts after the commit, of those that changed.

  std::optional<Memo> memo;  ///< Given by this commit.

  bool Created() const { return !before && !removed; }
};

struct CommitPlan {
  TimeNs time = 0;               ///< The commit's time by the clock.
  uint64_t next_number = 1;      ///< Of the next log to be created, after the commit.
  uint64_t logs = 0;             ///< How many there are after the commit.
  std::vector<LogDraft> drafts;  ///< One per log, in order of their first request.
};

/// The part of a store that the commit thread drives. Calls come from that thread alone.
class CommitBackend {
 public:
  virtual ~CommitBackend() = default;
  /// False: nobody else writes, so what LoadLog told and Write was told is remembered. True: other
  /// processes do. Then each commit begins with Prepare, nothing is remembered behind it, and a
  /// Write that fails with kConflict has changed nothing, because another process was first: the
  /// same requests are prepared and planned again.
  virtual bool IsShared() const { return false; }
  /// Reads what planning these requests will ask for, and returns the number of the next log to be
  /// created. Waits for as long as the store is away; an error is final, as one of Write.
  virtual Result<uint64_t> Prepare(std::span<const StoreRequest> /*requests*/) { return 0; }
  /// Nothing: there is no such log. Errors refuse the request that asked, not the commit.
  virtual Result<std::optional<LogState>> LoadLog(const LogKey& key) = 0;
  /// A producer's count in a log that exists. Nothing: it has none.
  virtual Result<std::optional<uint64_t>> LoadProducer(const LogState& log,
                                                       const std::string& name) = 0;
  /// True: a block of the log begins or its entries end at `position`, so it may become `first`.
  virtual Result<bool> IsBorder(const LogState& log, Position position) = 0;
  /// Returns when all of the plan is on disk. After an error nobody knows how much of it is:
  /// there is no further call.
  virtual Result<void> Write(const CommitPlan& plan) = 0;
};

}  // namespace tailrace
