#include "source/kubernetes/kubernetes_source.h"

#include <utility>

#include "source/kubernetes/cluster_follower.h"
#include "source/kubernetes/log_writer.h"

namespace tailrace {

KubernetesSource::KubernetesSource() = default;

Result<std::unique_ptr<KubernetesSource>> KubernetesSource::Make(LogStore& store,
                                                                 const KubernetesOptions& options,
                                                                 const Clock& clock,
                                                                 Random& random) {
  std::unique_ptr<KubernetesSource> source(new KubernetesSource());
  source->loop_ = std::make_unique<Loop>();
  source->random_ = std::make_unique<SeededRandom>(random.Next());
  source->writers_ = std::make_unique<LogWriters>(store, *source->loop_, options.buffer_bytes);
  for (const kube::ClusterConfig& config : options.clusters) {
    auto cluster = ClusterFollower::Make({.store = store,
                                          .loop = *source->loop_,
                                          .writers = *source->writers_,
                                          .clock = clock,
                                          .random = *source->random_},
                                         config, options);
    if (!cluster) return Fail(cluster.error());
    source->clusters_.push_back(std::move(*cluster));
  }
  return source;
}

KubernetesSource::~KubernetesSource() {
  Stop();
}

void KubernetesSource::Start() {
  thread_ = std::thread([this] {
    for (const auto& cluster : clusters_) cluster->Start();
    loop_->Run();
  });
}

// What belongs to the loop dies while it stands still, and before it.
void KubernetesSource::Stop() {
  for (const auto& cluster : clusters_) cluster->Interrupt();
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
    loop_->DrainPool();
  }
  clusters_.clear();
  writers_.reset();
}

void KubernetesSource::AskAccess(const std::string& cluster, AccessQuestion question,
                                 AccessReviewer::Done done) {
  loop_->Post([this, cluster, question = std::move(question), done = std::move(done)]() mutable {
    for (const auto& follower : clusters_) {
      if (follower->name() == cluster) return follower->reviewer().Ask(question, std::move(done));
    }
    done(AccessAnswer::kDenied);
  });
}

KubernetesStats KubernetesSource::Stats() const {
  KubernetesStats stats;
  if (writers_ == nullptr) return stats;  // stopped
  const LogWritersStats writers = writers_->Stats();
  stats.waiting_bytes = writers.waiting_bytes;
  stats.entries = writers.entries;
  stats.refusals = writers.refusals;
  stats.clusters.reserve(clusters_.size());
  for (const auto& cluster : clusters_) stats.clusters.push_back(cluster->Stats());
  return stats;
}

}  // namespace tailrace
