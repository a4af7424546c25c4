// Garbage: documents of entries that no log has any more, deleted in small steps.
#pragma once

#include "base/result.h"
#include "store/mongodb/link.h"
#include "store/mongodb/persistence.h"

namespace tailrace::mongo {

/// Deletes what the collection of garbage names, and then these names. Several processes may be at
/// it. Ends early when closing begins; the rest is done another time. kUnavailable.
Result<void> SweepGarbage(Link& link, const Persistence& persistence);

/// Forgets processes that have not committed anything for a week; those that still run register
/// again.
Result<void> ForgetWriters(Link& link, TimeNs now);

}  // namespace tailrace::mongo
