// LogState: what a store must know about a log to commit to it, and the rules of a commit, which
// are the same for every store: pure functions of a state and a request.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/result.h"
#include "log/log_info.h"
#include "store/log_store.h"

namespace tailrace {

/// A log as of its last commit. Offsets are cumulative over all entries ever appended.
struct LogState {
  LogInfo info;
  uint64_t text_end = 0;       ///< Raw-download size of [0, info.position).
  uint64_t encoded_first = 0;  ///< Encoded size of [0, info.first).
  uint64_t encoded_end = 0;    ///< Encoded size of [0, info.position).
  uint64_t producers = 0;      ///< How many have a count; at most kMaxProducersPerLog.

  std::optional<Position> memo_at;  ///< Memo::at of the log's, if it has one.

  /// How far retention may cut.
  Position CutLimit() const {
    return memo_at && !info.HasEnded() ? *memo_at : std::numeric_limits<Position>::max();
  }
  uint64_t TextFirst() const { return text_end - info.bytes; }
  uint64_t StoredBytes() const { return encoded_end - encoded_first; }
  /// A change at `now`. A clock that goes back does not take `updated` with it.
  void Touch(TimeNs now) { info.updated = std::max(info.updated, now); }
};

/// What the rules make of an append.
struct AppendDecision {
  uint64_t skip = 0;  ///< Entries at the front of the run that are stored already.
  uint64_t add = 0;   ///< Entries behind them that are new.
  bool end = false;   ///< The log ends with this append.
};

/// The log's name, and the producer's, title's, labels' and reason's limits. kInvalid, kTooLarge.
Result<void> CheckRequest(const AppendRequest& request);
Result<void> CheckRequest(const CreateRequest& request);
Result<void> CheckRequest(const EndRequest& request);
Result<void> CheckRequest(const RemoveRequest& request);

/// `log` is null if there is none yet; `count` is what the log has of the request's producer.
Result<AppendDecision> DecideAppend(const LogState* log, std::optional<uint64_t> count,
                                    const AppendRequest& request);

/// The title and labels that a log gets, as they are to be then; `log` is null if there is none.
/// kConflict, kInvalid, kTooLarge.
struct NewFacts {
  std::optional<std::string> title;
  std::optional<Labels> labels;
};
Result<NewFacts> DecideFacts(const LogInfo* log, const CreateRequest& request);

/// Whether anybody may append to the log and end it. kConflict.
Result<void> CheckOpenToAll(const LogInfo& log);

/// True: the log ends now. False: it has ended with an equal outcome. kConflict: with another one.
Result<bool> DecideEnd(const LogInfo& info, const Outcome& outcome);

}  // namespace tailrace
