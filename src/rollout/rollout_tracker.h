// RolloutTracker: all rollouts of one cluster, told by the objects as they change. No I/O.
//
// Which workloads are rolled out is judged when a revision is seen for the first time:
// - in the first lists: one that is under way is followed, one that has got its verdict is not,
//   unless it began after an earlier process had looked last (Know): then it was missed;
// - later: every new revision; a workload that is new itself unless it has its verdict already.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "rollout/objects.h"
#include "rollout/rollout.h"

namespace tailrace {

/// What a tracker tells; calls come during its own.
class RolloutListener {
 public:
  virtual ~RolloutListener() = default;
  /// A rollout begins, or (`resumed`) one of RolloutTracker::Resume is found in the cluster.
  virtual void OnOpened(Rollout& rollout, const Workload& workload, bool resumed) = 0;
  /// Of a rollout; in order. Not empty.
  virtual void OnNotes(Rollout& rollout, std::vector<Note> notes) = 0;
  /// A pod whose containers' output belongs to it, as it is now.
  virtual void OnPod(Rollout& rollout, const Pod& pod) = 0;
  virtual void OnPodGone(Rollout& rollout, const Pod& pod) = 0;
  /// It has its outcome; the tracker tells nothing more of it and keeps it until Forget.
  virtual void OnOver(Rollout& rollout) = 0;
};

struct TrackerOptions {
  RolloutOptions rollout;
  bool bare_pods = true;  ///< Pods without a controller that have the annotation.
  bool old_pods = false;  ///< Pods of older revisions belong to a rollout from its begin on, too.
};

/// What an earlier process has seen of the cluster.
struct KnownRevisions {
  TimeNs until = 0;                                        ///< When it looked last.
  std::unordered_map<std::string, std::string> revisions;  ///< By the workload's UID.
};

struct TrackerStats {
  uint64_t workloads = 0;
  uint64_t pods = 0;
  uint64_t rollouts = 0;  ///< Under way.
};

/// One thread. Memory: about 1.5 kB for each pod of the cluster and 2 kB for each workload.
class RolloutTracker {
 public:
  /// Events that came before the pod or rollout that they are about was known.
  static constexpr size_t kRecentEvents = 2'048;

  /// Both outlive it.
  RolloutTracker(TrackerOptions options, RolloutListener& listener, const Clock& clock);
  ~RolloutTracker();

  /// Before the first object: one whose log is open, made by an earlier process.
  void Resume(std::unique_ptr<Rollout> rollout);

  /// The same. Without it nothing counts as missed.
  void Know(KnownRevisions known) { known_ = std::move(known); }

  void OnWorkload(Workload workload);
  void OnWorkloadDeleted(std::string_view uid);
  void OnReplicaSet(ReplicaSet set);
  void OnReplicaSetDeleted(std::string_view uid);
  void OnPod(Pod pod);
  void OnPodDeleted(std::string_view uid);
  void OnEvent(KubeEvent event);
  /// All kinds have been listed once. A workload that a resumed rollout is of and that was not
  /// among them has been deleted.
  void OnSynced();
  void Tick();
  /// When Tick has something to do.
  std::optional<TimeNs> NextTick() const;

  /// The rollout is destroyed. Not from within a call of the listener.
  void Forget(const RolloutId& id);
  /// A pod as it is now; null: gone.
  const Pod* FindPod(const std::string& uid) const;
  TrackerStats Stats() const;
  /// For the Know of a later process; nothing before OnSynced.
  std::optional<KnownRevisions> Known(TimeNs until) const;
  /// Grows when Known would be another one.
  uint64_t changes() const { return changes_; }

 private:
  struct Tracked {
    Workload workload;
    std::string revision;  ///< The last one that was judged; empty: none yet.
    Rollout* rollout = nullptr;
  };
  struct OwnedPod {
    Pod pod;
    Rollout* rollout = nullptr;  ///< That it was told to.
  };
  using UidSet = std::set<std::string>;

  void FirstLook(Tracked& tracked, bool is_new);
  bool WasMissed(const Tracked& tracked) const;
  TimeNs Began(const Tracked& tracked, bool is_new, bool is_missed) const;
  void Open(Tracked& tracked, TimeNs began, bool is_missed);
  void Tell(Tracked& tracked, bool is_missed);
  void Supersede(Tracked& tracked);
  void AttachPods(Tracked& tracked);
  void Attach(OwnedPod& owned);
  Rollout* RolloutOfPod(const Pod& pod) const;
  Tracked* WorkloadOfPod(const Pod& pod);
  const ReplicaSet* NewReplicaSet(const RolloutId& id) const;
  void ReplayEvents(Rollout& rollout, std::string_view uid);
  Rollout* RolloutOfEvent(const KubeEvent& event);
  void CountOldPods(const std::string& workload_uid);
  void Report(Rollout& rollout);

  const TrackerOptions options_;
  RolloutListener& listener_;
  const Clock& clock_;
  bool synced_ = false;
  std::optional<KnownRevisions> known_;  ///< Until OnSynced.
  uint64_t changes_ = 0;
  std::unordered_map<std::string, Tracked> workloads_;
  std::unordered_map<std::string, ReplicaSet> replica_sets_;
  std::unordered_map<std::string, OwnedPod> pods_;
  std::unordered_map<std::string, UidSet> pods_of_;  ///< By the UID of workload or ReplicaSet.
  std::unordered_map<std::string, UidSet> sets_of_;  ///< ReplicaSets by the Deployment's UID.
  std::map<RolloutId, std::unique_ptr<Rollout>> rollouts_;
  std::set<RolloutId> over_;  ///< Told by OnOver.
  std::deque<KubeEvent> recent_events_;
};

}  // namespace tailrace
