// KnownFile: what a process has seen of a cluster, kept for the next one, so that a rollout that
// begins and ends between the two is known to have been missed. A small file in the data directory.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "rollout/rollout_tracker.h"

namespace tailrace {

/// In `folder`, for a cluster of any name.
std::string KnownFilePath(const std::string& folder, const std::string& cluster);
/// Nothing: there is none, it is another cluster's, or it cannot be read.
std::optional<KnownRevisions> ReadKnownFile(const std::string& path, const std::string& cluster);
/// Replaces it. After a power cut it may be gone, which is as if there had been none. kUnavailable.
Result<void> WriteKnownFile(const std::string& path, const std::string& cluster,
                            const KnownRevisions& known);

}  // namespace tailrace
