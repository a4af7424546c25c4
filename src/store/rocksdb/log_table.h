// LogTable: what the database knows of a log besides its entries. Reads only; any thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "log/log_key.h"
#include "store/log_state.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/unsettled.h"

namespace tailrace::rocks {

/// As of some moment during the call. Nothing: there is no such log. kCorrupt: its record or both
/// copies of its last block's header are damaged. kUnavailable. `tail` gets what is in no block
/// yet: the log's last entries, of which `unsettled` knows (null: nothing is).
Result<std::optional<LogState>> LoadLog(Database& database, const Unsettled* unsettled,
                                        const LogKey& key, Tail* tail = nullptr);
/// True if the log was removed, or lost entries to retention, since `log` was loaded: what was
/// found missing of it may be no damage. An unreadable record counts as unchanged.
bool HasShrunk(Database& database, const LogInfo& log);
Result<std::optional<uint64_t>> LoadProducer(Database& database, uint64_t log_number,
                                             const std::string& name);
/// Nothing: the log has none.
Result<std::optional<Memo>> LoadMemo(Database& database, uint64_t log_number);

}  // namespace tailrace::rocks
