// Commit rows when a store is opened: all that a crash has left are read and become blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocksdb/commit_row.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/unsettled.h"

namespace tailrace::rocks {

struct RowsFound {
  struct Piece {
    Position begin = 0;
    BlockHeader header;  ///< `lost`: only the copy without entries could be read.
    std::string entries;
  };
  std::map<uint64_t, std::vector<Piece>> logs;  ///< By log number; pieces in order.
  std::vector<std::string> keys;                ///< Of the rows and copies that were read.
  bool damaged = false;                         ///< Some rows could not be read.
  bool unknown = false;  ///< And neither could their copies: nobody knows what they held.
};

/// Changes nothing. kUnavailable: the disk refuses just now.
Result<RowsFound> ReadRows(Database& database);

/// What LoadLog needs to know of them. Without entries.
void ListRows(const RowsFound& rows, Unsettled& unsettled);

/// Writes the pieces as blocks and deletes the rows, in one batch. Pieces of logs that are not
/// listed are dropped (they were removed), unless `wanted`; so are those that retention has cut.
Result<void> SettleRows(Database& database, const RowsFound& rows, uint64_t block_bytes,
                        const std::function<bool(uint64_t log_number)>& wanted);

}  // namespace tailrace::rocks
