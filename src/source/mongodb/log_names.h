// The names of all logs in a collection.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "log/log_key.h"
#include "mongodb/mongo_client.h"

namespace tailrace {

/// By one aggregation; each name once, in order. `type`: only logs of this type; empty: all.
/// Documents whose names can't be a log's are left out. kUnavailable.
Result<std::vector<LogKey>> ReadLogNames(MongoClient& client, const std::string& type);

}  // namespace tailrace
