// RolloutStatus: what `kubectl rollout status` says of a workload as it is now.
#pragma once

#include <cstdint>
#include <string>

#include "rollout/objects.h"

namespace tailrace {

struct RolloutStatus {
  enum class State : uint8_t {
    kWaiting,  ///< kubectl goes on watching.
    kDone,     ///< kubectl exits with 0.
    kFailed,   ///< kubectl exits with 1.
  };
  State state = State::kWaiting;
  std::string words;  ///< kubectl's message without "Waiting for … rollout to finish: ".
};

/// Deployment, StatefulSet, DaemonSet: kubectl's rules in its order (kubectl's
/// pkg/polymorphichelpers/rollout_status.go, v1.37). Job: its conditions Complete and Failed, as
/// `kubectl wait` sees them. Pod: its phase.
/// Strategy OnDelete, which kubectl refuses to judge, is done once all replicas are ready.
RolloutStatus JudgeRollout(const Workload& workload);

}  // namespace tailrace
