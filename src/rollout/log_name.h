// What the log of a rollout is called, and what is known about it in the list.
#pragma once

#include <string>
#include <vector>

#include "log/log_info.h"
#include "log/log_key.h"
#include "rollout/objects.h"

namespace tailrace {

/// "TYPE/ID" of the log, and its title, on the workload (or on a bare pod).
inline constexpr std::string_view kLogAnnotation = "tailrace.dev/log";
inline constexpr std::string_view kTitleAnnotation = "tailrace.dev/title";

struct LogNames {
  /// In the order in which they are tried: the first that is free, or that is this rollout's own
  /// already. The annotation's name, else TYPE/NAMESPACE.NAME.REVISION (of Jobs and pods without
  /// .REVISION); the same name with the revision if a log of the annotation's name has ended or is
  /// another rollout's; then with the front of the workload's UID, for one that was deleted and
  /// created again.
  std::vector<LogKey> keys;
  std::string problem;  ///< The annotation can't be a log's name, and why; or empty.
};

/// `type`: of logs without the annotation.
LogNames NamesOfLog(const Workload& workload, const std::string& type);

/// The labels by which a log is known to be of a rollout: these two and kRevisionLabel.
inline constexpr const char* kClusterLabel = "cluster";
inline constexpr const char* kUidLabel = "uid";
inline constexpr const char* kRevisionLabel = "revision";

/// cluster, namespace, name, kind, revision, uid, image, and the annotations of whoever deployed.
Labels LabelsOfLog(const Workload& workload, const std::string& cluster);

std::string TitleOfLog(const Workload& workload);

}  // namespace tailrace
