// KubernetesSource: makes each rollout in some clusters a log, from its first event to its verdict
// (docs/kubernetes.md). What it knows of a rollout is in the rollout's log, so a restarted server
// goes on there.
//
// One thread with a loop of its own does everything. It never waits: for the store a queue of each
// log waits (LogWriter), up to a limit at which streams are ended and read again later.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "ingest/redactor.h"
#include "kubernetes/api_client.h"
#include "kubernetes/cluster_config.h"
#include "source/kubernetes/access_reviewer.h"
#include "source/say.h"
#include "store/log_store.h"

namespace tailrace {

struct KubernetesOptions {
  std::vector<kube::ClusterConfig> clusters;
  std::vector<std::string> namespaces;  ///< Empty: all, or the credentials' own if not all may be.
  std::string selector;                 ///< Label selector of the workloads.
  std::string name;                     ///< Of the one workload to follow; empty: all.
  /// Of "deployments", "statefulsets", "daemonsets", "jobs" ("cronjobs" is the same), "pods".
  std::vector<std::string> kinds;
  bool old_pods = false;           ///< What pods of older revisions print, too.
  uint64_t stability_ms = 10'000;  ///< RolloutOptions.
  uint64_t drain_ms = 30'000;
  std::string type = "rollout";        ///< Of logs without an annotation.
  uint64_t buffer_bytes = 64 << 20;    ///< May wait for the store, of all logs together.
  size_t entry_bytes = 1 << 20;        ///< Longer lines are split.
  size_t max_followers = 2'000;        ///< Containers followed at the same time, of one cluster.
  uint64_t access_timeout_ms = 1'500;  ///< Of AskAccess.
  /// Of a file for each cluster, which says what was known of it; empty: none is kept, and what
  /// was missed since then is not known.
  std::string state_folder;
  const Redactor* redactor = nullptr;  ///< Null: nothing is masked.
  Say say;
};

struct KubernetesClusterStats {
  std::string name;
  bool synced = false;  ///< All kinds were listed, and nothing is in trouble.
  kube::ApiStats api;
  uint64_t workloads = 0;
  uint64_t pods = 0;
  uint64_t rollouts = 0;        ///< Whose logs are open.
  uint64_t rollouts_total = 0;  ///< Begun or resumed by this process.
  uint64_t followers = 0;       ///< Containers.
  uint64_t not_followed = 0;    ///< Beyond max_followers.
  uint64_t reconnects = 0;      ///< Of followed logs.
  uint64_t gaps = 0;            ///< Said in logs.
  uint64_t pauses = 0;          ///< Streams ended because too much waited for the store.
  uint64_t log_bytes = 0;       ///< Read of containers' logs.
  uint64_t lists = 0;
  uint64_t watches = 0;
  uint64_t expired = 0;  ///< Lists and watches that met 410.
  uint64_t object_bytes = 0;
};

struct KubernetesStats {
  uint64_t waiting_bytes = 0;  ///< For the store.
  uint64_t entries = 0;        ///< Stored.
  uint64_t refusals = 0;       ///< Appends that were repeated.
  std::vector<KubernetesClusterStats> clusters;
};

class ClusterFollower;
class LogWriters;

class KubernetesSource {
 public:
  /// All outlive it; `random` is used for a seed. kInvalid: a cluster's configuration, a kind.
  static Result<std::unique_ptr<KubernetesSource>> Make(LogStore& store,
                                                        const KubernetesOptions& options,
                                                        const Clock& clock, Random& random);
  ~KubernetesSource();

  /// Once.
  void Start();
  /// No more appends; the store may go away after it. Waits for its answers.
  void Stop();
  /// Any thread, after Start. `done` comes on the source's thread, later, once; or never, if the
  /// source stops. A cluster that is not followed (any more) denies everything.
  void AskAccess(const std::string& cluster, AccessQuestion question, AccessReviewer::Done done);
  /// Any thread.
  KubernetesStats Stats() const;

 private:
  KubernetesSource();

  std::unique_ptr<Loop> loop_;
  std::unique_ptr<SeededRandom> random_;  ///< The loop's thread.
  std::unique_ptr<LogWriters> writers_;
  std::vector<std::unique_ptr<ClusterFollower>> clusters_;
  std::thread thread_;
};

}  // namespace tailrace
