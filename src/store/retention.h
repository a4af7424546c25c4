// Retention: which blocks and logs have had their time (StoreOptions::retention). Only decides; the
// commit thread carries it out.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "store/commit_plan.h"
#include "store/store_options.h"

namespace tailrace {

/// A stored block as retention sees it; offsets as in LogState.
struct BlockFacts {
  Position begin = 0;
  Position end = 0;
  uint64_t text_end = 0;
  uint64_t encoded_end = 0;
  TimeNs time = 0;  ///< Of its commit.
};

/// A store's logs and blocks, all as of one moment.
class RetentionSource {
 public:
  virtual ~RetentionSource() = default;
  /// Calls `visit` for each log, in any order.
  virtual Result<void> ForEachLog(const std::function<void(const LogState&)>& visit) = 0;
  /// Calls `visit` for the log's blocks from the oldest on, until it returns false.
  virtual Result<void> ForEachBlock(const LogState& log,
                                    const std::function<bool(const BlockFacts&)>& visit) = 0;
};

/// True if any limit is set.
bool HasRetention(const RetentionOptions& options);

/// At most one request per log; their `done` is empty. Logs that cannot be read are left alone.
Result<std::vector<RetireRequest>> FindRetired(RetentionSource& source,
                                               const RetentionOptions& options, TimeNs now);

}  // namespace tailrace
