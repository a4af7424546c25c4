// LogTable: what the database knows of a log besides its entries. Reads only; any thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "log/log_key.h"
#include "store/log_state.h"
#include "store/rocksdb/database.h"

namespace rocksdb {
class Snapshot;
}  // namespace rocksdb

namespace tailrace::rocks {

/// As of `snapshot`, or of now if it is null. Nothing: there is no such log. kCorrupt: its record
/// or both copies of its last block's header are damaged. kUnavailable.
Result<std::optional<LogState>> LoadLog(Database& database, const rocksdb::Snapshot* snapshot,
                                        const LogKey& key);
Result<std::optional<uint64_t>> LoadProducer(Database& database, uint64_t log_number,
                                             const std::string& name);

}  // namespace tailrace::rocks
