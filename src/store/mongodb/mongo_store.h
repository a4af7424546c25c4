// The store in MongoDB, which several processes may share (docs/mongodb-store.md).
#pragma once

#include <functional>
#include <memory>

#include "base/random.h"
#include "base/result.h"
#include "store/log_store.h"
#include "store/mongodb/layout.h"
#include "store/store_options.h"

namespace tailrace {

/// Longer texts than this must not be one entry: a document has 16 MiB at most, and may hold a text
/// twice, once with three bytes for each ill-formed one.
inline constexpr uint64_t kMaxMongoEntryBytes = 3 << 20;

/// kInvalid names the setting.
Result<mongo::Place> MongoPlace(const MongoStoreSettings& settings);

/// How the opening of a store goes that waits for its database: why it has failed, told once for
/// each reason, and then that it is open. By a thread of the store's, or within OpenMongoStore.
using OpeningListener = std::function<void(const Result<void>&)>;

/// Opens the store and makes its collections and indexes if they are not there. `random` (of
/// incarnations) outlives the store; null: the system's. kUnavailable: no server answers. kInvalid:
/// it is a stand-alone one, too old, or the URI is none. kCorrupt: another program's format.
///
/// With a `listener` a server that does not answer is waited for: the store refuses everything with
/// kUnavailable until it is open, whatever is wrong meanwhile, and StoreStats::waiting says why.
///
/// Errors of later requests are waited out; what waits so long that pending_limit_bytes is reached
/// is refused with kOverloaded. Closing gives up after five seconds: what is not known to be stored
/// then is answered with kUnavailable.
Result<std::unique_ptr<LogStore>> OpenMongoStore(const mongo::Place& place,
                                                 const StoreOptions& options,
                                                 Random* random = nullptr,
                                                 OpeningListener listener = {});

}  // namespace tailrace
