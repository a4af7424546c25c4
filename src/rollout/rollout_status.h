// RolloutStatus: what `kubectl rollout status` says of a workload as it is now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
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

/// The same of a rollout that is known to be over. A Deployment that was complete once and is short
/// of pods since then was rolled out.
RolloutStatus JudgeAfterwards(const Workload& workload);

/// When it got its verdict, by the conditions of Deployments and Jobs, in whole seconds. Nothing:
/// it has none, or they don't tell.
std::optional<TimeNs> VerdictTime(const Workload& workload);

}  // namespace tailrace
