#include "rollout/rollout_tracker.h"

#include <algorithm>
#include <utility>

#include "rollout/log_name.h"
#include "rollout/rollout_status.h"

namespace tailrace {
namespace {

using State = RolloutStatus::State;

constexpr TimeNs kNsPerSecond = 1'000'000'000;

bool HasVerdict(const Workload& workload) {
  return JudgeRollout(workload).state != State::kWaiting;
}

// Whether a workload that was there before us is on its way to a new revision, and not just short
// of some pods.
bool IsUnderWay(const Workload& workload) {
  if (HasVerdict(workload)) return false;
  switch (workload.kind) {
    case WorkloadKind::kDeployment: {
      const Condition* const progressing = workload.Find("Progressing");
      return progressing == nullptr || progressing->reason != "NewReplicaSetAvailable";
    }
    case WorkloadKind::kStatefulSet:
      return workload.changing || workload.existing < workload.desired;
    case WorkloadKind::kDaemonSet:
      return workload.updated < workload.desired;
    case WorkloadKind::kJob:
    case WorkloadKind::kPod:
      return true;
  }
  return true;
}

}  // namespace

RolloutTracker::RolloutTracker(TrackerOptions options, RolloutListener& listener,
                               const Clock& clock)
    : options_(options), listener_(listener), clock_(clock) {}

RolloutTracker::~RolloutTracker() = default;

void RolloutTracker::Resume(std::unique_ptr<Rollout> rollout) {
  rollouts_[rollout->id()] = std::move(rollout);
}

// ------------------------------------------------------------------------------------------------
// Workloads

void RolloutTracker::OnWorkload(Workload workload) {
  const std::string uid = workload.meta.uid;
  const auto [found, is_new] = workloads_.try_emplace(uid);
  Tracked& tracked = found->second;
  tracked.workload = std::move(workload);
  if (!synced_) return;
  if (is_new) {
    ++changes_;
    return FirstLook(tracked, true);
  }
  if (tracked.workload.revision.empty()) return;
  if (tracked.revision != tracked.workload.revision) {
    Supersede(tracked);
    return Open(tracked, clock_.Now(), false);
  }
  if (tracked.rollout == nullptr) return;
  tracked.rollout->OnWorkload(tracked.workload, clock_.Now());
  Report(*tracked.rollout);
}

// What is done with a workload depends on what it was when it was first seen.
void RolloutTracker::FirstLook(Tracked& tracked, bool is_new) {
  tracked.revision = tracked.workload.revision;
  if (tracked.revision.empty()) return;
  const RolloutId id{tracked.workload.meta.uid, tracked.revision};
  const auto resumed = rollouts_.find(id);
  if (resumed != rollouts_.end()) {
    tracked.rollout = resumed->second.get();
    listener_.OnOpened(*tracked.rollout, tracked.workload, true);
    return Tell(tracked, tracked.rollout->IsMissed());
  }
  const bool follow = is_new ? !HasVerdict(tracked.workload) : IsUnderWay(tracked.workload);
  const bool is_missed = !is_new && !follow && WasMissed(tracked);
  if (!follow && !is_missed) return;
  const bool is_over =
      JudgeAfterwards(tracked.workload).state != State::kWaiting;  // not just short of some pods
  Open(tracked, Began(tracked, is_new, is_missed), is_missed && is_over);
}

// Whether it is another one than an earlier process has seen. Creation times are whole seconds.
bool RolloutTracker::WasMissed(const Tracked& tracked) const {
  if (!known_) return false;
  const auto found = known_->revisions.find(tracked.workload.meta.uid);
  if (found != known_->revisions.end()) return found->second != tracked.revision;
  return tracked.workload.meta.created + kNsPerSecond > known_->until;
}

TimeNs RolloutTracker::Began(const Tracked& tracked, bool is_new, bool is_missed) const {
  const Workload& workload = tracked.workload;
  const ReplicaSet* const set = NewReplicaSet({workload.meta.uid, tracked.revision});
  const bool is_known = workload.kind == WorkloadKind::kDeployment
                            ? set != nullptr && !set->reused
                            : !is_new && workload.kind != WorkloadKind::kDaemonSet &&
                                  !(is_missed && workload.kind == WorkloadKind::kStatefulSet);
  const TimeNs created = set != nullptr ? set->meta.created : workload.meta.created;
  if (is_known && created != 0) return std::min(created, clock_.Now());
  return is_missed ? std::max(known_->until, workload.meta.created) : clock_.Now();
}

void RolloutTracker::Open(Tracked& tracked, TimeNs began, bool is_missed) {
  ++changes_;
  tracked.revision = tracked.workload.revision;
  const RolloutId id{tracked.workload.meta.uid, tracked.revision};
  auto& rollout = rollouts_[id];
  if (rollout != nullptr) return;  // its log is being closed
  rollout = std::make_unique<Rollout>(id, options_.rollout, began);
  tracked.rollout = rollout.get();
  listener_.OnOpened(*rollout, tracked.workload, false);
  Tell(tracked, is_missed);
  if (tracked.rollout == nullptr) return;
  CountOldPods(id.uid);
  if (tracked.rollout != nullptr) Report(*tracked.rollout);
}

// All that is known of its rollout.
void RolloutTracker::Tell(Tracked& tracked, bool is_missed) {
  Rollout& rollout = *tracked.rollout;
  if (is_missed) {
    rollout.BeginAfterwards(tracked.workload, clock_.Now());
  } else {
    rollout.Begin(tracked.workload, clock_.Now());
  }
  ReplayEvents(rollout, tracked.workload.meta.uid);
  AttachPods(tracked);
  if (is_missed) rollout.OnWorkload(tracked.workload, clock_.Now());
  Report(rollout);
}

void RolloutTracker::Supersede(Tracked& tracked) {
  Rollout* const older = std::exchange(tracked.rollout, nullptr);
  if (older == nullptr) return;
  older->OnSuperseded(tracked.workload.revision, clock_.Now());
  Report(*older);
}

void RolloutTracker::OnWorkloadDeleted(std::string_view uid) {
  const auto found = workloads_.find(std::string(uid));
  if (found == workloads_.end()) return;
  Rollout* const rollout = std::exchange(found->second.rollout, nullptr);
  workloads_.erase(found);
  ++changes_;
  if (rollout == nullptr) return;
  rollout->OnDeleted(clock_.Now());
  Report(*rollout);
}

void RolloutTracker::OnSynced() {
  if (std::exchange(synced_, true)) return;
  for (auto& [uid, tracked] : workloads_) FirstLook(tracked, false);
  known_.reset();
  ++changes_;
  std::vector<Rollout*> lost;
  for (const auto& [id, rollout] : rollouts_) {
    const auto workload = workloads_.find(id.uid);
    const bool is_there = workload != workloads_.end();
    if (is_there && workload->second.rollout == rollout.get()) continue;
    if (over_.contains(id)) continue;
    if (is_there) {
      rollout->OnSuperseded(workload->second.workload.revision, clock_.Now());
    } else {
      rollout->OnDeleted(clock_.Now());
    }
    lost.push_back(rollout.get());
  }
  for (Rollout* const rollout : lost) Report(*rollout);
}

// ------------------------------------------------------------------------------------------------
// ReplicaSets and pods

void RolloutTracker::OnReplicaSet(ReplicaSet set) {
  const std::string uid = set.meta.uid;
  const std::string owner = set.meta.owner_uid;
  ReplicaSet& known = replica_sets_[uid];
  const bool has_changed = known.revision != set.revision;
  known = std::move(set);
  sets_of_[owner].insert(uid);
  const auto workload = workloads_.find(owner);
  if (!has_changed || workload == workloads_.end() || workload->second.rollout == nullptr) return;
  ReplayEvents(*workload->second.rollout, uid);
  AttachPods(workload->second);
  if (workload->second.rollout != nullptr) Report(*workload->second.rollout);
}

void RolloutTracker::OnReplicaSetDeleted(std::string_view uid) {
  const auto found = replica_sets_.find(std::string(uid));
  if (found == replica_sets_.end()) return;
  const auto sets = sets_of_.find(found->second.meta.owner_uid);
  if (sets != sets_of_.end()) {
    sets->second.erase(found->first);
    if (sets->second.empty()) sets_of_.erase(sets);
  }
  replica_sets_.erase(found);
}

const ReplicaSet* RolloutTracker::NewReplicaSet(const RolloutId& id) const {
  const auto sets = sets_of_.find(id.uid);
  if (sets == sets_of_.end()) return nullptr;
  for (const std::string& uid : sets->second) {
    const auto set = replica_sets_.find(uid);
    if (set != replica_sets_.end() && set->second.revision == id.revision) return &set->second;
  }
  return nullptr;
}

RolloutTracker::Tracked* RolloutTracker::WorkloadOfPod(const Pod& pod) {
  const std::string& owner = pod.meta.owner_uid.empty() ? pod.meta.uid : pod.meta.owner_uid;
  const auto set = replica_sets_.find(owner);
  const auto found =
      workloads_.find(set != replica_sets_.end() ? set->second.meta.owner_uid : owner);
  return found == workloads_.end() ? nullptr : &found->second;
}

// The rollout whose own pods it is one of.
Rollout* RolloutTracker::RolloutOfPod(const Pod& pod) const {
  const std::string& owner = pod.meta.owner_uid.empty() ? pod.meta.uid : pod.meta.owner_uid;
  const auto set = replica_sets_.find(owner);
  const bool has_set = set != replica_sets_.end();
  const auto workload = workloads_.find(has_set ? set->second.meta.owner_uid : owner);
  if (workload == workloads_.end() || workload->second.rollout == nullptr) return nullptr;
  Rollout* const rollout = workload->second.rollout;
  const WorkloadKind kind = workload->second.workload.kind;
  const bool has_revisions = kind != WorkloadKind::kJob && kind != WorkloadKind::kPod;
  const std::string& revision = has_set ? set->second.revision : pod.revision;
  const bool is_new = !has_revisions || revision == rollout->id().revision;
  return is_new || options_.old_pods ? rollout : nullptr;
}

void RolloutTracker::OnPod(Pod pod) {
  const bool is_annotated = pod.meta.annotations.contains(kLogAnnotation);
  const bool is_bare = pod.meta.owner_uid.empty();
  if (is_bare && !(is_annotated && options_.bare_pods)) return;
  const std::string uid = pod.meta.uid;
  const std::string owner = pod.meta.owner_uid;
  OwnedPod& owned = pods_[uid];
  owned.pod = std::move(pod);
  pods_of_[owner.empty() ? uid : owner].insert(uid);
  if (owner.empty()) OnWorkload(PodAsWorkload(owned.pod));
  if (!synced_) return;
  Attach(owned);
  if (Tracked* const tracked = WorkloadOfPod(owned.pod)) CountOldPods(tracked->workload.meta.uid);
}

void RolloutTracker::OnPodDeleted(std::string_view uid) {
  const auto found = pods_.find(std::string(uid));
  if (found == pods_.end()) return;
  const Pod pod = std::move(found->second.pod);
  Rollout* const rollout = found->second.rollout;
  const std::string& owner = pod.meta.owner_uid.empty() ? pod.meta.uid : pod.meta.owner_uid;
  const auto pods = pods_of_.find(owner);
  if (pods != pods_of_.end()) {
    pods->second.erase(found->first);
    if (pods->second.empty()) pods_of_.erase(pods);
  }
  pods_.erase(found);
  if (rollout != nullptr) {
    rollout->OnPodGone(pod, clock_.Now());
    if (!over_.contains(rollout->id())) {
      Report(*rollout);
    }
    listener_.OnPodGone(*rollout, pod);
  }
  if (pod.meta.owner_uid.empty()) OnWorkloadDeleted(pod.meta.uid);
  if (const Tracked* const tracked = WorkloadOfPod(pod)) {
    CountOldPods(tracked->workload.meta.uid);
  }
}

void RolloutTracker::Attach(OwnedPod& owned) {
  Rollout* const rollout = RolloutOfPod(owned.pod);
  if (rollout != nullptr) {
    const bool is_new = std::exchange(owned.rollout, rollout) != rollout;
    rollout->OnPod(owned.pod, clock_.Now());
    if (is_new) ReplayEvents(*rollout, owned.pod.meta.uid);
  }
  // Before the notes: a container begins before it is ready. Also of a rollout that has its
  // outcome: who reads the containers' last lines must know of their end.
  if (owned.rollout != nullptr) listener_.OnPod(*owned.rollout, owned.pod);
  if (rollout != nullptr) Report(*rollout);
}

void RolloutTracker::AttachPods(Tracked& tracked) {
  const std::string workload_uid = tracked.workload.meta.uid;
  // By the cluster's clock, before any pod of it: ours may be ahead, and may have come late.
  const ReplicaSet* const set = NewReplicaSet(tracked.rollout->id());
  if (set != nullptr && !set->reused && set->meta.created != 0) {
    tracked.rollout->BeganBy(set->meta.created);
  }
  std::vector<std::string> owners = {workload_uid};
  const auto sets = sets_of_.find(workload_uid);
  if (sets != sets_of_.end()) owners.insert(owners.end(), sets->second.begin(), sets->second.end());
  for (const std::string& owner : owners) {
    const auto pods = pods_of_.find(owner);
    if (pods == pods_of_.end()) continue;
    for (const std::string& uid : pods->second) {
      const auto pod = pods_.find(uid);
      if (pod != pods_.end()) Attach(pod->second);
    }
  }
}

// Pods of its older revisions that are being stopped.
void RolloutTracker::CountOldPods(const std::string& workload_uid) {
  const auto workload = workloads_.find(workload_uid);
  if (workload == workloads_.end() || workload->second.rollout == nullptr) return;
  const std::string& revision = workload->second.rollout->id().revision;
  size_t stopping = 0;
  const auto count = [&](const std::string& owner, bool is_set_old) {
    const auto pods = pods_of_.find(owner);
    if (pods == pods_of_.end()) return;
    for (const std::string& uid : pods->second) {
      const Pod& pod = pods_.at(uid).pod;
      const bool is_old = is_set_old || (!pod.revision.empty() && pod.revision != revision);
      if (is_old && pod.meta.deleting) ++stopping;
    }
  };
  if (workload->second.workload.kind != WorkloadKind::kDeployment) count(workload_uid, false);
  const auto sets = sets_of_.find(workload_uid);
  if (sets != sets_of_.end()) {
    for (const std::string& uid : sets->second) {
      const auto set = replica_sets_.find(uid);
      if (set != replica_sets_.end() && set->second.revision != revision) count(uid, true);
    }
  }
  Rollout& rollout = *workload->second.rollout;
  rollout.OnOldPods(stopping, clock_.Now());
  Report(rollout);
}

const Pod* RolloutTracker::FindPod(const std::string& uid) const {
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : &found->second.pod;
}

// ------------------------------------------------------------------------------------------------
// Events, time

Rollout* RolloutTracker::RolloutOfEvent(const KubeEvent& event) {
  const auto pod = pods_.find(event.object_uid);
  if (pod != pods_.end()) return pod->second.rollout;
  const auto workload = workloads_.find(event.object_uid);
  if (workload != workloads_.end()) return workload->second.rollout;
  const auto set = replica_sets_.find(event.object_uid);
  if (set == replica_sets_.end()) return nullptr;
  const auto owner = workloads_.find(set->second.meta.owner_uid);
  if (owner == workloads_.end() || owner->second.rollout == nullptr) return nullptr;
  const bool is_new = set->second.revision == owner->second.rollout->id().revision;
  return is_new ? owner->second.rollout : nullptr;
}

void RolloutTracker::OnEvent(KubeEvent event) {
  Rollout* const rollout = synced_ ? RolloutOfEvent(event) : nullptr;
  if (rollout != nullptr) {
    rollout->OnEvent(event, clock_.Now());
    return Report(*rollout);
  }
  recent_events_.push_back(std::move(event));
  if (recent_events_.size() > kRecentEvents) recent_events_.pop_front();
}

void RolloutTracker::ReplayEvents(Rollout& rollout, std::string_view uid) {
  for (const KubeEvent& event : recent_events_) {
    if (event.object_uid == uid) rollout.OnEvent(event, clock_.Now());
  }
}

void RolloutTracker::Tick() {
  std::vector<Rollout*> all;
  all.reserve(rollouts_.size());
  for (const auto& [id, rollout] : rollouts_) all.push_back(rollout.get());
  for (Rollout* const rollout : all) {
    rollout->Tick(clock_.Now());
    Report(*rollout);
  }
}

std::optional<TimeNs> RolloutTracker::NextTick() const {
  std::optional<TimeNs> next;
  for (const auto& [id, rollout] : rollouts_) {
    const std::optional<TimeNs> tick = rollout->NextTick();
    if (tick && (!next || *tick < *next)) next = tick;
  }
  return next;
}

// Tells what came of a rollout's last call.
void RolloutTracker::Report(Rollout& rollout) {
  std::vector<Note> notes = rollout.TakeNotes();
  if (over_.contains(rollout.id())) return;
  if (!notes.empty()) listener_.OnNotes(rollout, std::move(notes));
  if (!rollout.outcome()) return;
  over_.insert(rollout.id());
  const auto workload = workloads_.find(rollout.id().uid);
  if (workload != workloads_.end() && workload->second.rollout == &rollout) {
    workload->second.rollout = nullptr;
  }
  listener_.OnOver(rollout);
}

void RolloutTracker::Forget(const RolloutId& id) {
  const auto found = rollouts_.find(id);
  if (found == rollouts_.end()) return;
  for (auto& [uid, owned] : pods_) {
    if (owned.rollout == found->second.get()) owned.rollout = nullptr;
  }
  for (auto& [uid, tracked] : workloads_) {
    if (tracked.rollout == found->second.get()) tracked.rollout = nullptr;
  }
  over_.erase(id);
  rollouts_.erase(found);
}

std::optional<KnownRevisions> RolloutTracker::Known(TimeNs until) const {
  if (!synced_) return std::nullopt;
  KnownRevisions known{.until = until};
  for (const auto& [uid, tracked] : workloads_) known.revisions.emplace(uid, tracked.revision);
  return known;
}

TrackerStats RolloutTracker::Stats() const {
  return {.workloads = workloads_.size(),
          .pods = pods_.size(),
          .rollouts = rollouts_.size() - over_.size()};
}

}  // namespace tailrace
