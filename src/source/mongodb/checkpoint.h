// Checkpoint: where a MongoDB source goes on after a restart; a small file in the data directory.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "log/log_key.h"

namespace tailrace {

struct MongoCheckpoint {
  /// Random; part of the producer's name under which documents are stored. A new one says that
  /// what was stored under an older one may have holes.
  std::string epoch;
  std::string state;               ///< Tail's; all documents up to there are stored.
  std::vector<LogKey> unfinished;  ///< Logs of which only a part may be stored.
};

/// A file that is not there, or that cannot be read: an empty checkpoint.
MongoCheckpoint ReadCheckpoint(const std::string& path);
/// Replaces the file; on disk when it returns. kUnavailable.
Result<void> WriteCheckpoint(const std::string& path, const MongoCheckpoint& checkpoint);

}  // namespace tailrace
