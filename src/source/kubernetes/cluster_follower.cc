#include "source/kubernetes/cluster_follower.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kubernetes/api_path.h"

namespace tailrace {
namespace {

constexpr uint64_t kReadAgainMs = 1'000;
constexpr uint64_t kKeepMs = 1'000;  // changes come in crowds
constexpr TimeNs kNsPerMs = 1'000'000;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;

}  // namespace

/// What is watched. Each has a watch for each namespace set.
struct ClusterFollower::Kind {
  enum class Is : uint8_t { kWorkload, kReplicaSet, kPod, kEvent };
  const char* setting;  ///< Of KubernetesOptions::kinds; empty: watched whatever they are.
  const char* group_version;
  const char* plural;
  Is is;
  WorkloadKind workload = WorkloadKind::kPod;
};

class ClusterFollower::Watch final : public kube::ReflectorHandler {
 public:
  Watch(ClusterFollower& owner, const Kind& kind, const std::string& namespace_name)
      : owner_(owner), kind_(kind), is_everywhere_(namespace_name.empty()) {
    kube::ReflectorOptions options;
    options.path = kube::ResourcePath(kind.group_version, namespace_name, kind.plural).text();
    if (kind.is == Kind::Is::kWorkload) {
      options.label_selector = owner.selector_;
      if (!owner.name_.empty()) options.field_selector = "metadata.name=" + owner.name_;
    }
    reflector_.emplace(*owner.client_, std::move(options), *this, owner.shared_.random);
  }

  void OnObject(const kube::ObjectId& /*id*/, std::string_view json) override {
    owner_.OnObject(kind_, json);
  }
  void OnDeleted(const kube::ObjectId& id, std::string_view /*json*/) override {
    owner_.OnDeleted(kind_, id.uid);
  }
  void OnSynced() override {
    known_ = true;
    owner_.OnSynced();
  }
  void OnTrouble(const kube::ApiEnd& end, uint64_t /*retry_ms*/) override {
    in_trouble_ = true;
    owner_.OnTrouble(*this, end);
  }
  void OnRecovered() override {
    in_trouble_ = given_up_ = false;
    owner_.OnRecovered();
  }

  const Kind& kind() const { return kind_; }
  bool is_everywhere() const { return is_everywhere_; }  ///< In all namespaces.
  const kube::ReflectorStats& stats() const { return reflector_->stats(); }
  /// Its objects have been told, or it may not see any.
  bool known() const { return known_; }
  void GiveUp() { known_ = given_up_ = true; }
  bool in_trouble() const { return in_trouble_ && !given_up_; }

 private:
  ClusterFollower& owner_;
  const Kind& kind_;
  const bool is_everywhere_;
  std::optional<kube::Reflector> reflector_;
  bool known_ = false;
  bool given_up_ = false;
  bool in_trouble_ = false;
};

Result<std::unique_ptr<ClusterFollower>> ClusterFollower::Make(ClusterShared shared,
                                                               kube::ClusterConfig config,
                                                               const KubernetesOptions& options) {
  using Is = Kind::Is;
  static constexpr std::array<Kind, 8> kKinds = {{
      {"deployments", "apps/v1", "deployments", Is::kWorkload, WorkloadKind::kDeployment},
      {"deployments", "apps/v1", "replicasets", Is::kReplicaSet},
      {"statefulsets", "apps/v1", "statefulsets", Is::kWorkload, WorkloadKind::kStatefulSet},
      {"daemonsets", "apps/v1", "daemonsets", Is::kWorkload, WorkloadKind::kDaemonSet},
      {"jobs", "batch/v1", "jobs", Is::kWorkload, WorkloadKind::kJob},
      {"cronjobs", "batch/v1", "jobs", Is::kWorkload, WorkloadKind::kJob},
      {"", "v1", "pods", Is::kPod},
      {"", "v1", "events", Is::kEvent},
  }};
  std::vector<const Kind*> kinds;
  for (const Kind& kind : kKinds) {
    const std::string_view setting = kind.setting;
    const bool is_wanted =
        setting.empty() || std::ranges::find(options.kinds, setting) != options.kinds.end();
    const bool is_double = std::ranges::any_of(kinds, [&kind](const Kind* other) {
      return std::string_view(other->plural) == kind.plural;
    });
    if (is_wanted && !is_double) kinds.push_back(&kind);
  }
  for (const std::string& wanted : options.kinds) {
    const bool is_known =
        wanted == "pods" ||
        std::ranges::any_of(kKinds, [&wanted](const Kind& kind) { return wanted == kind.setting; });
    if (!is_known) {
      return FailField(ErrorCode::kInvalid, "kubernetes.kinds",
                       "kubernetes.kinds: \"" + wanted +
                           "\" is none of deployments, statefulsets, daemonsets, jobs, cronjobs, "
                           "pods");
    }
  }
  auto client = kube::ApiClient::Make(shared.loop, std::move(config));
  if (!client) return Fail(client.error());
  return std::unique_ptr<ClusterFollower>(
      new ClusterFollower(shared, std::move(*client), options, std::move(kinds)));
}

ClusterFollower::ClusterFollower(ClusterShared shared, std::unique_ptr<kube::ApiClient> client,
                                 const KubernetesOptions& options, std::vector<const Kind*> kinds)
    : shared_(shared),
      client_(std::move(client)),
      namespaces_(options.namespaces),
      selector_(options.selector),
      name_(options.name),
      kinds_(std::move(kinds)),
      rollout_options_{.stability_ms = options.stability_ms, .drain_ms = options.drain_ms},
      say_(options.say),
      reviewer_(*client_, shared.loop, options.access_timeout_ms, options.say),
      port_(*client_, shared.clock, shared.random),
      opener_(shared.store, shared.loop),
      logs_shared_{.opener = opener_,
                   .writers = shared.writers,
                   .port = port_,
                   .loop = shared.loop,
                   .clock = shared.clock,
                   .redactor = options.redactor,
                   .say = options.say,
                   .cluster = client_->cluster().name,
                   .type = options.type,
                   .follow = {.entry_bytes = options.entry_bytes, .redactor = options.redactor},
                   .drain_ms = options.drain_ms,
                   .max_followers = options.max_followers},
      tracker_({.rollout = rollout_options_,
                .bare_pods = std::ranges::find(options.kinds, "pods") != options.kinds.end(),
                .old_pods = options.old_pods},
               *this, shared.clock),
      tick_(shared.loop),
      known_path_(options.state_folder.empty()
                      ? ""
                      : KnownFilePath(options.state_folder, client_->cluster().name)),
      keep_(shared.loop) {
  stats_.name = client_->cluster().name;
}

ClusterFollower::~ClusterFollower() {
  if (known_path_.empty()) return;
  if (const auto known = tracker_.Known(stats_.synced ? shared_.clock.Now() : well_until_)) {
    const Result<void> kept = WriteKnownFile(known_path_, client_->cluster().name, *known);
    if (!kept) say_.warn(kept.error().message);
  }
}

// ------------------------------------------------------------------------------------------------
// The beginning

void ClusterFollower::Start() {
  ReadBefore();
}

void ClusterFollower::ReadBefore() {
  auto before = std::make_unique<Before>();
  Before& read = *before;
  shared_.loop.RunInPool(
      [this, &read] {
        const std::string& cluster = client_->cluster().name;
        read.logs = ReadOpenLogs(shared_.store, cluster, rollout_options_, stopping_);
        if (!known_path_.empty()) read.known = ReadKnownFile(known_path_, cluster);
      },
      [this, before = std::move(before)] { Begin(std::move(*before)); });
}

void ClusterFollower::Begin(Before before) {
  if (stopping_.load()) return;
  if (!before.logs) {
    say_.warn("the rollouts of cluster " + client_->cluster().name +
              " cannot be followed yet: " + before.logs.error().message);
    return shared_.loop.After(kReadAgainMs, [this] { ReadBefore(); });
  }
  if (before.known) tracker_.Know(std::move(*before.known));
  for (OpenLog& log : *before.logs) {
    Rollout& rollout = *log.rollout;
    if (LogOf(rollout) != nullptr) continue;
    AddLog(rollout).Resume(std::move(log.key), std::move(log.memory));
    tracker_.Resume(std::move(log.rollout));
  }
  AddWatches(namespaces_);
  Settle();
}

void ClusterFollower::AddWatches(const std::vector<std::string>& namespaces) {
  const std::vector<std::string> all = {""};
  for (const std::string& name : namespaces.empty() ? all : namespaces) {
    for (const Kind* const kind : kinds_) {
      watches_.push_back(std::make_unique<Watch>(*this, *kind, name));
    }
  }
}

// The credentials are those of a Role: what is in their own namespace.
void ClusterFollower::OnlyOwnNamespace() {
  const std::string& own = client_->cluster().namespace_name;
  say_.note("cluster " + client_->cluster().name + ": only namespace " +
            (own.empty() ? "default" : own) + " may be read");
  watches_.clear();
  AddWatches({own.empty() ? "default" : own});
}

// ------------------------------------------------------------------------------------------------
// What the watches tell

void ClusterFollower::OnSynced() {
  if (std::ranges::all_of(watches_, [](const auto& watch) { return watch->known(); })) {
    tracker_.OnSynced();
  }
  Settle();
}

void ClusterFollower::OnTrouble(Watch& watch, const kube::ApiEnd& end) {
  const bool is_refused = end.how == kube::ApiEnd::How::kRefused;
  if (is_refused && end.status == kForbidden && watch.is_everywhere() && !watch.known()) {
    if (std::exchange(only_own_namespace_, true)) return;
    return shared_.loop.Post([this] { OnlyOwnNamespace(); });
  }
  if (is_refused && (end.status == kForbidden || end.status == kNotFound) && !watch.known()) {
    say_.warn("cluster " + client_->cluster().name + ": " + watch.kind().plural +
              " are not followed: " + end.message);
    watch.GiveUp();
    return OnSynced();
  }
  if (watch.in_trouble() && !std::exchange(trouble_said_, true)) {
    say_.warn("cluster " + client_->cluster().name + ": " + end.message + "; it is tried again");
  }
  Settle();
}

void ClusterFollower::OnRecovered() {
  const bool all_well =
      std::ranges::none_of(watches_, [](const auto& watch) { return watch->in_trouble(); });
  if (all_well && std::exchange(trouble_said_, false)) {
    say_.note("cluster " + client_->cluster().name + " is there again");
  }
  Settle();
}

void ClusterFollower::OnObject(const Kind& kind, std::string_view json) {
  switch (kind.is) {
    case Kind::Is::kWorkload:
      if (auto workload = reader_.ReadWorkload(kind.workload, json)) {
        tracker_.OnWorkload(std::move(*workload));
      }
      break;
    case Kind::Is::kReplicaSet:
      if (auto set = reader_.ReadReplicaSet(json)) tracker_.OnReplicaSet(std::move(*set));
      break;
    case Kind::Is::kPod:
      if (auto pod = reader_.ReadPod(json)) tracker_.OnPod(std::move(*pod));
      break;
    case Kind::Is::kEvent:
      if (auto event = reader_.ReadEvent(json)) tracker_.OnEvent(std::move(*event));
      break;
  }
  Settle();
}

void ClusterFollower::OnDeleted(const Kind& kind, std::string_view uid) {
  switch (kind.is) {
    case Kind::Is::kWorkload:
      tracker_.OnWorkloadDeleted(uid);
      break;
    case Kind::Is::kReplicaSet:
      tracker_.OnReplicaSetDeleted(uid);
      break;
    case Kind::Is::kPod:
      tracker_.OnPodDeleted(uid);
      break;
    case Kind::Is::kEvent:
      break;
  }
  Settle();
}

// ------------------------------------------------------------------------------------------------
// What the tracker tells

RolloutLog* ClusterFollower::LogOf(const Rollout& rollout) {
  const auto found = logs_.find(rollout.id());
  return found == logs_.end() ? nullptr : found->second.get();
}

RolloutLog& ClusterFollower::AddLog(Rollout& rollout) {
  ++rollouts_total_;
  auto log = std::make_unique<RolloutLog>(logs_shared_, rollout, [this, id = rollout.id()] {
    shared_.loop.Post([this, id] { Close(id); });
  });
  return *(logs_[rollout.id()] = std::move(log));
}

void ClusterFollower::Close(const RolloutId& id) {
  logs_.erase(id);
  tracker_.Forget(id);
  Settle();
}

void ClusterFollower::OnOpened(Rollout& rollout, const Workload& workload, bool resumed) {
  if (!resumed) AddLog(rollout).Open(workload);
}

void ClusterFollower::OnNotes(Rollout& rollout, std::vector<Note> notes) {
  if (RolloutLog* const log = LogOf(rollout)) log->AddNotes(std::move(notes));
}

void ClusterFollower::OnPod(Rollout& rollout, const Pod& pod) {
  if (RolloutLog* const log = LogOf(rollout)) log->OnPod(pod);
}

void ClusterFollower::OnPodGone(Rollout& rollout, const Pod& pod) {
  if (RolloutLog* const log = LogOf(rollout)) log->OnPodGone(pod);
}

void ClusterFollower::OnOver(Rollout& rollout) {
  if (RolloutLog* const log = LogOf(rollout)) log->OnOver();
}

// ------------------------------------------------------------------------------------------------
// Housekeeping

void ClusterFollower::Settle() {
  if (const std::optional<TimeNs> next = tracker_.NextTick()) {
    const TimeNs rest = std::max<TimeNs>(0, *next - shared_.clock.Now());
    tick_.Start(static_cast<uint64_t>(rest / kNsPerMs) + 1, [this] {
      tracker_.Tick();
      Settle();
    });
  }
  KubernetesClusterStats stats{.name = client_->cluster().name};
  const TrackerStats tracked = tracker_.Stats();
  stats.workloads = tracked.workloads;
  stats.pods = tracked.pods;
  stats.rollouts = logs_.size();
  stats.rollouts_total = rollouts_total_;
  stats.followers = logs_shared_.followers;
  stats.not_followed = logs_shared_.not_followed;
  stats.reconnects = logs_shared_.follow_stats.reconnects;
  stats.gaps = logs_shared_.follow_stats.gaps;
  stats.pauses = logs_shared_.follow_stats.pauses;
  stats.log_bytes = logs_shared_.follow_stats.bytes;
  stats.synced = !watches_.empty();
  for (const auto& watch : watches_) {
    stats.synced = stats.synced && watch->known() && !watch->in_trouble();
    stats.lists += watch->stats().lists;
    stats.watches += watch->stats().watches;
    stats.expired += watch->stats().expired;
    stats.object_bytes += watch->stats().memory_bytes;
  }
  if (stats.synced) well_until_ = shared_.clock.Now();
  const bool is_newer = tracker_.changes() != kept_changes_ && !known_path_.empty();
  if (is_newer && !std::exchange(keeping_, true)) keep_.Start(kKeepMs, [this] { KeepKnown(); });
  const std::lock_guard lock(stats_mutex_);
  stats_ = std::move(stats);
}

// For the next process.
void ClusterFollower::KeepKnown() {
  auto known = tracker_.Known(well_until_);
  if (!known) {
    keeping_ = false;
    return;
  }
  kept_changes_ = tracker_.changes();
  auto kept = std::make_shared<Result<void>>();
  shared_.loop.RunInPool(
      [this, kept, known = std::move(*known)] {
        *kept = WriteKnownFile(known_path_, client_->cluster().name, known);
      },
      [this, kept] {
        keeping_ = false;
        if (!*kept) say_.warn(kept->error().message);
        Settle();
      });
}

KubernetesClusterStats ClusterFollower::Stats() const {
  KubernetesClusterStats stats;
  {
    const std::lock_guard lock(stats_mutex_);
    stats = stats_;
  }
  stats.api = client_->Stats();
  return stats;
}

}  // namespace tailrace
