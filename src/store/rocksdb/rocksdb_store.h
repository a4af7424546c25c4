// The embedded store: RocksDB in one directory. docs/store-format.md says what is in it.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "store/log_store.h"
#include "store/rocksdb/wal_files.h"
#include "store/store_options.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tailrace {

/// What tests put in place of the system.
struct RocksDbHooks {
  rocksdb::Env* env = nullptr;  ///< Outlives the store. Null: the system's.
  Random* random = nullptr;     ///< Of incarnations; outlives the store. Null: the system's.
  rocks::WalFilesOptions wal_files = {};
};

/// Opens the store in `directory`, which is made if it is not there. Recovers from a crash; marks
/// what damage has taken as lost. kUnavailable: another process has the directory, or the disk
/// refuses. kCorrupt: a format version of another program, or damage that leaves nothing readable.
/// Messages name the directory and say what to do.
Result<std::unique_ptr<LogStore>> OpenRocksDbStore(const std::string& directory,
                                                   const StoreOptions& options,
                                                   const RocksDbHooks& hooks = {});

}  // namespace tailrace
