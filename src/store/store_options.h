// What a store is opened with, besides its address.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"

namespace tailrace {

/// Off where absent. Whole blocks go from the front; open logs lose entries too, and a log whose
/// last change is older than `max_age_s` and that has ended goes whole.
struct RetentionPolicy {
  std::optional<uint64_t> max_age_s;      ///< Of an entry's commit time.
  std::optional<uint64_t> max_log_bytes;  ///< Encoded size of one log's blocks.
};

struct RetentionOptions {
  RetentionPolicy policy;                          ///< For types without one of their own.
  std::map<std::string, RetentionPolicy> by_type;  ///< Replaces `policy` as a whole.
  std::optional<uint64_t> max_total_bytes;         ///< Of all logs; the oldest blocks go first.
  uint64_t interval_s = 60;                        ///< How often to look.
};

struct StoreOptions {
  /// Appends that wait for the disk, encoded; beyond it they are refused with kOverloaded.
  uint64_t pending_limit_bytes = 64 << 20;
  /// A block is closed when it holds so much; one entry may be larger.
  uint64_t block_bytes = 256 << 10;
  /// Small appends are kept together until there is so much of them, in memory and as written, and
  /// then become blocks of their logs. It bounds what opening after a crash has to do.
  uint64_t unsettled_limit_bytes = 8 << 20;
  /// RocksDB's cache of blocks that readers share.
  uint64_t cache_bytes = 64 << 20;
  RetentionOptions retention;
  const Clock* clock = &Clock::System();
};

/// A store in MongoDB instead of the embedded one.
struct MongoStoreSettings {
  std::string uri;  ///< Empty: none. Its path names the database; without one it is "popop".
  std::string collection = "sse_logs";
  /// How a log's id is written if it is a whole number: "number" or "string".
  std::string ids = "number";
};

}  // namespace tailrace
