#include "rollout/rollout_status.h"

namespace tailrace {
namespace {

using State = RolloutStatus::State;

RolloutStatus NotObserved() {
  return {State::kWaiting, "waiting for the change to be seen by its controller"};
}

std::string Quoted(const Workload& workload) {
  return std::string(WorkloadKindWord(workload.kind)) + " \"" + workload.meta.name + '"';
}

RolloutStatus Counted(int64_t have, const char* of, int64_t wanted, const char* what) {
  return {State::kWaiting, std::to_string(have) + of + std::to_string(wanted) + what};
}

RolloutStatus RolledOut(const Workload& workload) {
  return {State::kDone, Quoted(workload) + " successfully rolled out"};
}

RolloutStatus JudgeDeployment(const Workload& workload) {
  if (workload.meta.generation > workload.observed_generation) return NotObserved();
  const Condition* const progressing = workload.Find("Progressing");
  if (progressing != nullptr && progressing->reason == "ProgressDeadlineExceeded") {
    return {State::kFailed, Quoted(workload) + " exceeded its progress deadline"};
  }
  if (workload.updated < workload.desired) {
    return Counted(workload.updated, " out of ", workload.desired,
                   " new replicas have been updated");
  }
  if (workload.existing > workload.updated) {
    return {State::kWaiting, std::to_string(workload.existing - workload.updated) +
                                 " old replicas are pending termination"};
  }
  if (workload.available < workload.updated) {
    return Counted(workload.available, " of ", workload.updated, " updated replicas are available");
  }
  return RolledOut(workload);
}

RolloutStatus JudgeStatefulSet(const Workload& workload) {
  if (workload.observed_generation == 0 ||
      workload.meta.generation > workload.observed_generation) {
    return NotObserved();
  }
  if (workload.ready < workload.desired) {
    return {State::kWaiting,
            std::to_string(workload.desired - workload.ready) + " pods are not ready yet"};
  }
  const int64_t wanted = workload.desired - workload.partition;
  if (workload.rolling && workload.updated < wanted) {
    return Counted(workload.updated, " out of ", wanted, " new pods have been updated");
  }
  return RolledOut(workload);
}

RolloutStatus JudgeDaemonSet(const Workload& workload) {
  if (workload.meta.generation > workload.observed_generation) return NotObserved();
  if (workload.rolling && workload.updated < workload.desired) {
    return Counted(workload.updated, " out of ", workload.desired, " new pods have been updated");
  }
  if (workload.available < workload.desired) {
    return Counted(workload.available, " of ", workload.desired, " updated pods are available");
  }
  return RolledOut(workload);
}

RolloutStatus JudgeJob(const Workload& workload) {
  const auto is_true = [&workload](std::string_view type) {
    const Condition* const condition = workload.Find(type);
    return condition != nullptr && condition->status == "True" ? condition : nullptr;
  };
  if (is_true("Complete") != nullptr) return {State::kDone, Quoted(workload) + " is complete"};
  if (const Condition* const failed = is_true("Failed")) {
    std::string words = Quoted(workload) + " has failed: " + failed->reason;
    if (!failed->message.empty()) words.append(": ").append(failed->message);
    return {State::kFailed, std::move(words)};
  }
  return Counted(workload.succeeded, " of ", workload.desired, " completions");
}

RolloutStatus JudgePod(const Workload& workload) {
  if (workload.phase == "Succeeded") return {State::kDone, Quoted(workload) + " has succeeded"};
  if (workload.phase == "Failed") return {State::kFailed, Quoted(workload) + " has failed"};
  return {State::kWaiting, workload.phase};
}

}  // namespace

RolloutStatus JudgeRollout(const Workload& workload) {
  switch (workload.kind) {
    case WorkloadKind::kDeployment:
      return JudgeDeployment(workload);
    case WorkloadKind::kStatefulSet:
      return JudgeStatefulSet(workload);
    case WorkloadKind::kDaemonSet:
      return JudgeDaemonSet(workload);
    case WorkloadKind::kJob:
      return JudgeJob(workload);
    case WorkloadKind::kPod:
      return JudgePod(workload);
  }
  return {};
}

RolloutStatus JudgeAfterwards(const Workload& workload) {
  RolloutStatus status = JudgeRollout(workload);
  const Condition* const progressing = workload.Find("Progressing");
  const bool was_complete = workload.kind == WorkloadKind::kDeployment && progressing != nullptr &&
                            progressing->reason == "NewReplicaSetAvailable";
  return status.state == State::kWaiting && was_complete ? RolledOut(workload) : status;
}

std::optional<TimeNs> VerdictTime(const Workload& workload) {
  for (const Condition& condition : workload.conditions) {
    const bool is_verdict =
        workload.kind == WorkloadKind::kDeployment
            ? condition.type == "Progressing" && (condition.reason == "NewReplicaSetAvailable" ||
                                                  condition.reason == "ProgressDeadlineExceeded")
            : workload.kind == WorkloadKind::kJob && condition.status == "True" &&
                  (condition.type == "Complete" || condition.type == "Failed");
    if (is_verdict && condition.changed != 0) return condition.changed;
  }
  return std::nullopt;
}

}  // namespace tailrace
