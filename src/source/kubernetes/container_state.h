// ContainerState: what a pod's status says of one of its containers, as a follower of its log needs
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace tailrace {

/// One life of a container: from a start to its exit.
struct ContainerInstance {
  std::string id;       ///< "containerd://…" as the status has it; empty: none yet.
  TimeNs started = 0;   ///< Of the node's clock, whole seconds; 0: not told.
  TimeNs finished = 0;  ///< The same; 0: it runs. What is below is valid with it.
  int exit_code = 0;
  int signal = 0;      ///< 0: none.
  std::string reason;  ///< "Error", "OOMKilled", "Completed", …

  bool operator==(const ContainerInstance&) const = default;
};

struct ContainerState {
  enum class Phase : uint8_t { kWaiting, kRunning, kTerminated };

  Phase phase = Phase::kWaiting;
  /// status.containerID. While it waits for its next start: the life that ended, or none.
  ContainerInstance current;
  std::optional<ContainerInstance> last;  ///< lastState.terminated.
  uint64_t restarts = 0;                  ///< restartCount.

  bool operator==(const ContainerState&) const = default;
};

}  // namespace tailrace
