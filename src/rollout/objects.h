// What is read of Kubernetes' objects: the fields by which rollouts are judged, and no others.
// Names and meanings are those of the API (apps/v1, batch/v1, core/v1).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tailrace {

/// What a rollout is of. kPod: a pod without a controller, told by its annotation.
enum class WorkloadKind : uint8_t { kDeployment, kStatefulSet, kDaemonSet, kJob, kPod };

/// "Deployment", "StatefulSet", "DaemonSet", "Job", "Pod".
std::string_view WorkloadKindName(WorkloadKind kind);
/// As kubectl names it in its messages: "deployment", "statefulset", "daemon set", "job", "pod".
std::string_view WorkloadKindWord(WorkloadKind kind);

using Annotations = std::map<std::string, std::string, std::less<>>;
/// Longer values of annotations, and what kubectl keeps of the last apply, are left out.
inline constexpr size_t kMaxAnnotationBytes = 1024;
/// Longer messages of conditions and events are cut.
inline constexpr size_t kMaxMessageBytes = 4096;

struct ObjectMeta {
  std::string name;
  std::string namespace_name;
  std::string uid;
  int64_t generation = 0;
  TimeNs created = 0;
  bool deleting = false;   ///< It has a deletionTimestamp.
  std::string owner_kind;  ///< Of the controller in ownerReferences; empty: there is none.
  std::string owner_name;
  std::string owner_uid;
  Annotations annotations;
};

struct Condition {
  std::string type;
  std::string status;  ///< "True", "False", "Unknown"
  std::string reason;
  std::string message;
  TimeNs changed = 0;  ///< lastUpdateTime, or else lastTransitionTime; 0: unknown.
};

struct ContainerImage {
  std::string container;
  std::string image;
};

/// Of what has none: it is rolled out once.
inline constexpr std::string_view kOnlyRevision = "1";

/// Anything that is rolled out.
struct Workload {
  WorkloadKind kind = WorkloadKind::kDeployment;
  ObjectMeta meta;
  /// Which version of it is meant: a Deployment's revision annotation, a StatefulSet's
  /// updateRevision without its name, a DaemonSet's template generation; of others kOnlyRevision.
  /// Empty: the controller has not given one yet.
  std::string revision;
  std::vector<ContainerImage> images;  ///< Of its template: init containers first.
  int64_t desired = 0;                 ///< spec.replicas, desiredNumberScheduled, completions
  int64_t updated = 0;                 ///< updatedReplicas, updatedNumberScheduled
  int64_t existing = 0;                ///< status.replicas
  int64_t ready = 0;
  int64_t available = 0;
  int64_t partition = 0;  ///< StatefulSet
  int64_t succeeded = 0;  ///< Job
  int64_t failed = 0;     ///< Job
  int64_t observed_generation = 0;
  int64_t deadline_s = 0;  ///< progressDeadlineSeconds, activeDeadlineSeconds; 0: none
  bool paused = false;     ///< spec.paused; of a Job spec.suspend
  bool rolling = true;     ///< updateStrategy is RollingUpdate
  bool changing = false;   ///< StatefulSet: some pods are still of an older revision.
  std::string phase;       ///< Pod
  std::vector<Condition> conditions;

  const Condition* Find(std::string_view type) const;
};

struct ReplicaSet {
  ObjectMeta meta;
  std::string revision;
  bool reused = false;  ///< It was the new one of an earlier revision too: a rollback came back.
};

struct ContainerLife {
  std::string id;  ///< "containerd://…"; empty: none yet.
  TimeNs started = 0;
  TimeNs finished = 0;
  int exit_code = 0;
  int signal = 0;
  std::string reason;
};

struct Container {
  enum class Role : uint8_t { kInit, kSidecar, kApp, kEphemeral };
  enum class State : uint8_t { kWaiting, kRunning, kTerminated };
  std::string name;
  Role role = Role::kApp;
  State state = State::kWaiting;
  std::string reason;   ///< Why it waits.
  std::string message;  ///< The same.
  ContainerLife current;
  std::optional<ContainerLife> last;  ///< lastState.terminated
  int64_t restarts = 0;
};

struct Pod {
  ObjectMeta meta;
  /// Which version of its owner's template it is of: pod-template-generation (DaemonSet) or
  /// controller-revision-hash (StatefulSet); empty: neither.
  std::string revision;
  std::string node;
  std::string phase;
  std::string reason;   ///< "Evicted", "NodeLost", …
  std::string message;  ///< The same.
  std::vector<Condition> conditions;
  std::vector<Container> containers;  ///< Init containers first.

  const Condition* Find(std::string_view type) const;
};

struct KubeEvent {
  std::string uid;
  std::string object_kind;
  std::string object_name;
  std::string object_uid;
  std::string container;  ///< If it is about one.
  std::string reason;
  std::string message;
  bool warning = false;
  int64_t count = 1;
  TimeNs time = 0;  ///< Of its last occurrence; 0: unknown.
};

/// Reads objects as the API server wrote them. kInvalid: it is none. One thread; keeps memory for
/// the largest object that it has seen.
class ObjectReader {
 public:
  ObjectReader();
  ~ObjectReader();

  /// `json` may be read 64 bytes beyond its end.
  Result<Workload> ReadWorkload(WorkloadKind kind, std::string_view json);
  Result<ReplicaSet> ReadReplicaSet(std::string_view json);
  Result<Pod> ReadPod(std::string_view json);
  Result<KubeEvent> ReadEvent(std::string_view json);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

/// A pod as the workload that it is without a controller.
Workload PodAsWorkload(const Pod& pod);

}  // namespace tailrace
