// Setup: a database that a store may be in.
#pragma once

#include "base/result.h"
#include "store/mongodb/link.h"

namespace tailrace::mongo {

/// Checks the server, makes what is missing and checks the format. Several processes may do so at
/// the same time. Errors as OpenMongoStore.
Result<void> SetUp(Link& link, const Place& place);

/// How many logs there are. kUnavailable.
Result<uint64_t> CountLogs(Link& link);

}  // namespace tailrace::mongo
