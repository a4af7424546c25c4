// ClusterFollower: the watches of one cluster, what they tell about rollouts, and the rollouts'
// logs.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "io/loop.h"
#include "io/timer.h"
#include "kubernetes/api_client.h"
#include "kubernetes/reflector.h"
#include "rollout/rollout_tracker.h"
#include "source/kubernetes/access_reviewer.h"
#include "source/kubernetes/api_follow_port.h"
#include "source/kubernetes/known_file.h"
#include "source/kubernetes/kubernetes_source.h"
#include "source/kubernetes/log_opener.h"
#include "source/kubernetes/log_writer.h"
#include "source/kubernetes/open_logs.h"
#include "source/kubernetes/rollout_log.h"

namespace tailrace {

/// What all clusters share; outlives them.
struct ClusterShared {
  LogStore& store;
  Loop& loop;
  LogWriters& writers;
  const Clock& clock;
  SeededRandom& random;
};

/// The loop's thread, but for Interrupt and Stats. Destroyed while the loop stands still.
class ClusterFollower final : public RolloutListener {
 public:
  /// kInvalid: `config`, or a kind that there is not.
  static Result<std::unique_ptr<ClusterFollower>> Make(ClusterShared shared,
                                                       kube::ClusterConfig config,
                                                       const KubernetesOptions& options);
  ~ClusterFollower() override;

  /// Reads the logs that are open, then lists and watches.
  void Start();
  /// Any thread: what is being read in the pool ends soon.
  void Interrupt() { stopping_ = true; }
  const std::string& name() const { return client_->cluster().name; }
  AccessReviewer& reviewer() { return reviewer_; }
  /// Any thread.
  KubernetesClusterStats Stats() const;

  // RolloutListener
  void OnOpened(Rollout& rollout, const Workload& workload, bool resumed) override;
  void OnNotes(Rollout& rollout, std::vector<Note> notes) override;
  void OnPod(Rollout& rollout, const Pod& pod) override;
  void OnPodGone(Rollout& rollout, const Pod& pod) override;
  void OnOver(Rollout& rollout) override;

 private:
  struct Kind;
  class Watch;

  ClusterFollower(ClusterShared shared, std::unique_ptr<kube::ApiClient> client,
                  const KubernetesOptions& options, std::vector<const Kind*> kinds);

  /// What earlier processes have left.
  struct Before {
    Result<std::vector<OpenLog>> logs;
    std::optional<KnownRevisions> known;
  };

  void ReadBefore();
  void Begin(Before before);
  void KeepKnown();
  void AddWatches(const std::vector<std::string>& namespaces);
  void OnlyOwnNamespace();
  void OnSynced();
  void OnTrouble(Watch& watch, const kube::ApiEnd& end);
  void OnRecovered();
  void OnObject(const Kind& kind, std::string_view json);
  void OnDeleted(const Kind& kind, std::string_view uid);
  RolloutLog& AddLog(Rollout& rollout);
  RolloutLog* LogOf(const Rollout& rollout);
  void Close(const RolloutId& id);
  /// At the end of each callback: the tracker's next tick, the statistics.
  void Settle();

  const ClusterShared shared_;
  const std::unique_ptr<kube::ApiClient> client_;
  const std::vector<std::string> namespaces_;
  const std::string selector_;
  const std::string name_;
  const std::vector<const Kind*> kinds_;
  const RolloutOptions rollout_options_;
  const Say say_;
  std::atomic<bool> stopping_ = false;
  AccessReviewer reviewer_;
  ObjectReader reader_;
  ApiFollowPort port_;
  LogOpener opener_;
  RolloutLogs logs_shared_;
  RolloutTracker tracker_;
  std::map<RolloutId, std::unique_ptr<RolloutLog>> logs_;
  std::vector<std::unique_ptr<Watch>> watches_;
  Timer tick_;
  const std::string known_path_;  ///< Empty: nothing is kept.
  Timer keep_;
  bool keeping_ = false;       ///< Soon, or in the pool.
  uint64_t kept_changes_ = 0;  ///< The tracker's, in the file.
  TimeNs well_until_ = 0;      ///< Until then nothing can have been missed.
  bool only_own_namespace_ = false;
  bool trouble_said_ = false;
  uint64_t rollouts_total_ = 0;

  mutable std::mutex stats_mutex_;
  KubernetesClusterStats stats_;  ///< Guarded by stats_mutex_.
};

}  // namespace tailrace
