#include "rollout/objects.h"

#include <simdjson.h>

#include <algorithm>

namespace tailrace {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";
constexpr std::string_view kRevisionHistory = "deployment.kubernetes.io/revision-history";
constexpr std::string_view kTemplateGeneration = "deprecated.daemonset.template.generation";
constexpr std::string_view kOurPrefix = "tailrace.dev/";

// Absent and of another type than expected are the same: the object comes from an API server that
// has checked it.

std::string_view Text(const dom::element& object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text)) return {};
  return text;
}

int64_t Number(const dom::element& object, std::string_view key, int64_t otherwise = 0) {
  int64_t number = 0;
  if (object[key].get(number)) return otherwise;
  return number;
}

bool Flag(const dom::element& object, std::string_view key) {
  bool flag = false;
  return !object[key].get(flag) && flag;
}

TimeNs Time(const dom::element& object, std::string_view key) {
  return ParseRfc3339(Text(object, key)).value_or(0);
}

std::string Message(const dom::element& object, std::string_view key) {
  return std::string(Text(object, key).substr(0, kMaxMessageBytes));
}

std::optional<dom::element> Child(const dom::element& object, std::string_view key) {
  dom::element child;
  if (object[key].get(child)) return std::nullopt;
  return child;
}

template <typename Visit>
void ForEach(const dom::element& object, std::string_view key, Visit visit) {
  dom::array array;
  if (object[key].get(array)) return;
  for (const dom::element element : array) visit(element);
}

// Of pods only our own annotations are kept: there are many pods.
Annotations ReadAnnotations(const dom::element& meta, bool only_ours) {
  Annotations annotations;
  dom::object object;
  if (meta["annotations"].get(object)) return annotations;
  for (const dom::key_value_pair field : object) {
    std::string_view value;
    if (field.value.get(value) || value.size() > kMaxAnnotationBytes) continue;
    if (field.key == kLastApplied || (only_ours && !field.key.starts_with(kOurPrefix))) continue;
    annotations.emplace(field.key, value);
  }
  return annotations;
}

ObjectMeta ReadMeta(const dom::element& root, bool only_our_annotations) {
  ObjectMeta meta;
  const auto object = Child(root, "metadata");
  if (!object) return meta;
  meta.name = Text(*object, "name");
  meta.namespace_name = Text(*object, "namespace");
  meta.uid = Text(*object, "uid");
  meta.generation = Number(*object, "generation");
  meta.created = Time(*object, "creationTimestamp");
  meta.deleting = !Text(*object, "deletionTimestamp").empty();
  meta.annotations = ReadAnnotations(*object, only_our_annotations);
  ForEach(*object, "ownerReferences", [&meta](const dom::element& owner) {
    if (!Flag(owner, "controller")) return;
    meta.owner_kind = Text(owner, "kind");
    meta.owner_name = Text(owner, "name");
    meta.owner_uid = Text(owner, "uid");
  });
  return meta;
}

std::string_view Annotation(const ObjectMeta& meta, std::string_view name) {
  const auto found = meta.annotations.find(name);
  return found == meta.annotations.end() ? std::string_view() : found->second;
}

std::vector<Condition> ReadConditions(const dom::element& status) {
  std::vector<Condition> conditions;
  ForEach(status, "conditions", [&conditions](const dom::element& condition) {
    const TimeNs updated = Time(condition, "lastUpdateTime");
    conditions.push_back(
        {.type = std::string(Text(condition, "type")),
         .status = std::string(Text(condition, "status")),
         .reason = std::string(Text(condition, "reason")),
         .message = Message(condition, "message"),
         .changed = updated != 0 ? updated : Time(condition, "lastTransitionTime")});
  });
  return conditions;
}

const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = std::ranges::find(conditions, type, &Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

std::vector<ContainerImage> ReadImages(const dom::element& spec) {
  std::vector<ContainerImage> images;
  const auto pod_template = Child(spec, "template");
  const auto pod_spec = pod_template ? Child(*pod_template, "spec") : std::nullopt;
  if (!pod_spec) return images;
  for (const std::string_view list : {"initContainers", "containers"}) {
    ForEach(*pod_spec, list, [&images](const dom::element& container) {
      images.push_back(
          {std::string(Text(container, "name")), std::string(Text(container, "image"))});
    });
  }
  return images;
}

void ReadDeployment(Workload& workload, const dom::element& spec, const dom::element& status) {
  workload.revision = Annotation(workload.meta, kRevision);
  workload.desired = Number(spec, "replicas", 1);
  workload.paused = Flag(spec, "paused");
  workload.deadline_s = Number(spec, "progressDeadlineSeconds");
  workload.updated = Number(status, "updatedReplicas");
  workload.existing = Number(status, "replicas");
  workload.ready = Number(status, "readyReplicas");
  workload.available = Number(status, "availableReplicas");
}

bool IsRolling(const dom::element& spec) {
  const auto strategy = Child(spec, "updateStrategy");
  return strategy && Text(*strategy, "type") == "RollingUpdate";
}

void ReadStatefulSet(Workload& workload, const dom::element& spec, const dom::element& status) {
  std::string_view revision = Text(status, "updateRevision");
  if (revision.starts_with(workload.meta.name + "-")) {
    revision.remove_prefix(workload.meta.name.size() + 1);
  }
  workload.revision = revision;
  workload.changing = Text(status, "updateRevision") != Text(status, "currentRevision");
  workload.desired = Number(spec, "replicas", 1);
  workload.rolling = IsRolling(spec);
  const auto strategy = Child(spec, "updateStrategy");
  const auto rolling = strategy ? Child(*strategy, "rollingUpdate") : std::nullopt;
  if (rolling) workload.partition = Number(*rolling, "partition");
  workload.updated = Number(status, "updatedReplicas");
  workload.existing = Number(status, "replicas");
  workload.ready = Number(status, "readyReplicas");
  workload.available = Number(status, "availableReplicas");
}

void ReadDaemonSet(Workload& workload, const dom::element& spec, const dom::element& status) {
  workload.revision = Annotation(workload.meta, kTemplateGeneration);
  workload.rolling = IsRolling(spec);
  workload.desired = Number(status, "desiredNumberScheduled");
  workload.updated = Number(status, "updatedNumberScheduled");
  workload.existing = Number(status, "currentNumberScheduled");
  workload.ready = Number(status, "numberReady");
  workload.available = Number(status, "numberAvailable");
}

void ReadJob(Workload& workload, const dom::element& spec, const dom::element& status) {
  workload.revision = kOnlyRevision;
  workload.desired = Number(spec, "completions", Number(spec, "parallelism", 1));
  workload.paused = Flag(spec, "suspend");
  workload.deadline_s = Number(spec, "activeDeadlineSeconds");
  workload.succeeded = Number(status, "succeeded");
  workload.failed = Number(status, "failed");
  workload.ready = Number(status, "ready");
}

ContainerLife ReadLife(const dom::element& state) {
  return {.id = std::string(Text(state, "containerID")),
          .started = Time(state, "startedAt"),
          .finished = Time(state, "finishedAt"),
          .exit_code = static_cast<int>(Number(state, "exitCode")),
          .signal = static_cast<int>(Number(state, "signal")),
          .reason = std::string(Text(state, "reason"))};
}

Container ReadContainer(const dom::element& status) {
  Container container{.name = std::string(Text(status, "name")),
                      .restarts = Number(status, "restartCount")};
  if (const auto last = Child(status, "lastState")) {
    if (const auto ended = Child(*last, "terminated")) container.last = ReadLife(*ended);
  }
  const auto state = Child(status, "state");
  if (!state) return container;
  if (const auto ended = Child(*state, "terminated")) {
    container.state = Container::State::kTerminated;
    container.current = ReadLife(*ended);
  } else if (const auto running = Child(*state, "running")) {
    container.state = Container::State::kRunning;
    container.current = {.id = std::string(Text(status, "containerID")),
                         .started = Time(*running, "startedAt")};
  } else if (const auto waiting = Child(*state, "waiting")) {
    container.reason = Text(*waiting, "reason");
    container.message = Message(*waiting, "message");
  }
  return container;
}

// Sidecars are init containers that are always restarted.
std::vector<std::string_view> SidecarNames(const dom::element& spec) {
  std::vector<std::string_view> names;
  ForEach(spec, "initContainers", [&names](const dom::element& container) {
    if (Text(container, "restartPolicy") == "Always") names.push_back(Text(container, "name"));
  });
  return names;
}

bool IsIn(const std::vector<std::string_view>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

void ReadContainers(Pod& pod, const dom::element& spec, const dom::element& status) {
  const std::vector<std::string_view> sidecars = SidecarNames(spec);
  const auto add = [&](std::string_view list, Container::Role role) {
    ForEach(status, list, [&](const dom::element& element) {
      Container container = ReadContainer(element);
      container.role = role;
      if (role == Container::Role::kInit && IsIn(sidecars, container.name)) {
        container.role = Container::Role::kSidecar;
      }
      pod.containers.push_back(std::move(container));
    });
  };
  add("initContainerStatuses", Container::Role::kInit);
  add("containerStatuses", Container::Role::kApp);
  add("ephemeralContainerStatuses", Container::Role::kEphemeral);
}

// "spec.containers{app}", "spec.initContainers{first}"
std::string ContainerOfPath(std::string_view field_path) {
  const size_t open = field_path.find('{');
  if (open == std::string_view::npos || !field_path.ends_with('}')) return "";
  return std::string(field_path.substr(open + 1, field_path.size() - open - 2));
}

}  // namespace

std::string_view WorkloadKindName(WorkloadKind kind) {
  switch (kind) {
    case WorkloadKind::kDeployment:
      return "Deployment";
    case WorkloadKind::kStatefulSet:
      return "StatefulSet";
    case WorkloadKind::kDaemonSet:
      return "DaemonSet";
    case WorkloadKind::kJob:
      return "Job";
    case WorkloadKind::kPod:
      return "Pod";
  }
  return "";
}

std::string_view WorkloadKindWord(WorkloadKind kind) {
  switch (kind) {
    case WorkloadKind::kDeployment:
      return "deployment";
    case WorkloadKind::kStatefulSet:
      return "statefulset";
    case WorkloadKind::kDaemonSet:
      return "daemon set";
    case WorkloadKind::kJob:
      return "job";
    case WorkloadKind::kPod:
      return "pod";
  }
  return "";
}

const Condition* Workload::Find(std::string_view type) const {
  return FindCondition(conditions, type);
}

const Condition* Pod::Find(std::string_view type) const {
  return FindCondition(conditions, type);
}

struct ObjectReader::Impl {
  Result<dom::element> Parse(std::string_view json) {
    dom::element root;
    if (parser.parse(json.data(), json.size(), false).get(root)) {
      return Fail(ErrorCode::kInvalid, "the API server's object is not JSON");
    }
    if (!root.is_object()) {
      return Fail(ErrorCode::kInvalid, "the API server's object is not an object");
    }
    return root;
  }

  dom::parser parser;
  /// Stands for a spec or status that an object does not have.
  dom::parser empty_parser;
  dom::element empty = empty_parser.parse(std::string_view("{}")).value();
};

ObjectReader::ObjectReader() : impl_(std::make_unique<Impl>()) {}
ObjectReader::~ObjectReader() = default;

Result<Workload> ObjectReader::ReadWorkload(WorkloadKind kind, std::string_view json) {
  if (kind == WorkloadKind::kPod) {
    const Result<Pod> pod = ReadPod(json);
    if (!pod) return Fail(pod.error());
    return PodAsWorkload(*pod);
  }
  const Result<dom::element> root = impl_->Parse(json);
  if (!root) return Fail(root.error());
  const dom::element spec = Child(*root, "spec").value_or(impl_->empty);
  const dom::element status = Child(*root, "status").value_or(impl_->empty);
  Workload workload{.kind = kind, .meta = ReadMeta(*root, false)};
  workload.observed_generation = Number(status, "observedGeneration");
  workload.conditions = ReadConditions(status);
  workload.images = ReadImages(spec);
  switch (kind) {
    case WorkloadKind::kDeployment:
      ReadDeployment(workload, spec, status);
      break;
    case WorkloadKind::kStatefulSet:
      ReadStatefulSet(workload, spec, status);
      break;
    case WorkloadKind::kDaemonSet:
      ReadDaemonSet(workload, spec, status);
      break;
    case WorkloadKind::kJob:
      ReadJob(workload, spec, status);
      break;
    case WorkloadKind::kPod:
      break;
  }
  return workload;
}

Result<ReplicaSet> ObjectReader::ReadReplicaSet(std::string_view json) {
  const Result<dom::element> root = impl_->Parse(json);
  if (!root) return Fail(root.error());
  ReplicaSet set{.meta = ReadMeta(*root, false)};
  set.revision = Annotation(set.meta, kRevision);
  set.reused = !Annotation(set.meta, kRevisionHistory).empty();
  set.meta.annotations.clear();
  return set;
}

Result<Pod> ObjectReader::ReadPod(std::string_view json) {
  const Result<dom::element> root = impl_->Parse(json);
  if (!root) return Fail(root.error());
  const dom::element spec = Child(*root, "spec").value_or(impl_->empty);
  const dom::element status = Child(*root, "status").value_or(impl_->empty);
  Pod pod{.meta = ReadMeta(*root, true)};
  const auto meta = Child(*root, "metadata");
  if (const auto labels = meta ? Child(*meta, "labels") : std::nullopt) {
    pod.revision = Text(*labels, "pod-template-generation");
    if (pod.revision.empty()) pod.revision = Text(*labels, "controller-revision-hash");
  }
  if (pod.revision.starts_with(pod.meta.owner_name + "-")) {
    pod.revision.erase(0, pod.meta.owner_name.size() + 1);
  }
  pod.node = Text(spec, "nodeName");
  pod.phase = Text(status, "phase");
  pod.reason = Text(status, "reason");
  pod.message = Message(status, "message");
  pod.conditions = ReadConditions(status);
  ReadContainers(pod, spec, status);
  return pod;
}

Result<KubeEvent> ObjectReader::ReadEvent(std::string_view json) {
  const Result<dom::element> root = impl_->Parse(json);
  if (!root) return Fail(root.error());
  const dom::element object = Child(*root, "involvedObject").value_or(impl_->empty);
  const dom::element series = Child(*root, "series").value_or(impl_->empty);
  KubeEvent event{.uid = ReadMeta(*root, true).uid,
                  .object_kind = std::string(Text(object, "kind")),
                  .object_name = std::string(Text(object, "name")),
                  .object_uid = std::string(Text(object, "uid")),
                  .container = ContainerOfPath(Text(object, "fieldPath")),
                  .reason = std::string(Text(*root, "reason")),
                  .message = Message(*root, "message"),
                  .warning = Text(*root, "type") == "Warning"};
  event.count = std::max<int64_t>({1, Number(*root, "count"), Number(series, "count")});
  event.time = std::max(
      {Time(series, "lastObservedTime"), Time(*root, "lastTimestamp"), Time(*root, "eventTime")});
  return event;
}

Workload PodAsWorkload(const Pod& pod) {
  Workload workload{.kind = WorkloadKind::kPod, .meta = pod.meta, .desired = 1};
  workload.revision = kOnlyRevision;
  workload.phase = pod.phase;
  workload.conditions = pod.conditions;
  const Condition* const ready = pod.Find("Ready");
  workload.ready = ready != nullptr && ready->status == "True" ? 1 : 0;
  return workload;
}

}  // namespace tailrace
