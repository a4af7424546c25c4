#include "app/client/direct_rollout.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "app/client/client_json.h"
#include "app/client/commands.h"
#include "app/client/tail_printer.h"
#include "app/client/verb.h"
#include "base/random.h"
#include "kubernetes/api_client.h"
#include "kubernetes/api_path.h"
#include "rollout/log_name.h"
#include "rollout/rollout_status.h"
#include "server/server_config.h"
#include "source/kubernetes/kubernetes_source.h"
#include "source/kubernetes/passing_store.h"

namespace tailrace {
namespace {

using Steady = std::chrono::steady_clock;

constexpr uint64_t kPollMs = 200;
/// A change that was just made is a rollout by then, once everything was listed.
constexpr auto kGrace = std::chrono::seconds(5);
/// A cluster that cannot be listed by then is said to be away, unless the verb is to wait.
constexpr auto kListing = std::chrono::seconds(30);
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;

struct Kind {
  std::string_view name;
  WorkloadKind kind;
  const char* group_version;
  const char* plural;
};
constexpr std::array<Kind, 4> kKinds = {
    {{"Deployment", WorkloadKind::kDeployment, "apps/v1", "deployments"},
     {"StatefulSet", WorkloadKind::kStatefulSet, "apps/v1", "statefulsets"},
     {"DaemonSet", WorkloadKind::kDaemonSet, "apps/v1", "daemonsets"},
     {"Job", WorkloadKind::kJob, "batch/v1", "jobs"}}};

class DirectRollout {
 public:
  DirectRollout(const RolloutArguments& arguments, const Kind& kind, std::string name,
                kube::ClusterConfig cluster)
      : arguments_(arguments),
        kind_(kind),
        name_(std::move(name)),
        cluster_(std::move(cluster)),
        namespace_(!arguments.namespace_name.empty()  ? arguments.namespace_name
                   : !cluster_.namespace_name.empty() ? cluster_.namespace_name
                                                      : "default"),
        printer_({.timestamps = arguments.timestamps,
                  .terminal = ::isatty(STDOUT_FILENO) != 0,
                  .sources = true}) {}

  int Run() {
    auto redactor = Redactor::Make({});
    if (!redactor) return Failed(redactor.error());
    const KubernetesConfig defaults;
    SystemRandom random;
    auto source = KubernetesSource::Make(store_,
                                         {.clusters = {cluster_},
                                          .namespaces = {namespace_},
                                          .name = name_,
                                          .kinds = {kind_.plural},
                                          .stability_ms = defaults.stability_ms,
                                          .drain_ms = defaults.drain_ms,
                                          .redactor = redactor->get(),
                                          .say = MakeSay(true, false)},
                                         Clock::System(), random);
    if (!source) return Failed(source.error());
    (*source)->Start();
    const int code = Follow(**source);
    store_.Close();
    (*source)->Stop();
    return code;
  }

 private:
  static int Failed(const Error& error) {
    Complain(error.message);
    return kExitFailure;
  }

  int Follow(const KubernetesSource& source) {
    const auto listed_by = Steady::now() + kListing;
    std::optional<Steady::time_point> deadline;  // since all was listed
    bool was_judged = arguments_.wait;
    while (!exit_code_) {
      if (auto passed = store_.Take(kPollMs)) {
        Show(*passed);
        passed->done();
        continue;
      }
      if (following_ || was_judged) continue;
      if (!deadline && source.Stats().clusters.front().synced) deadline = Steady::now() + kGrace;
      if (!deadline && Steady::now() >= listed_by) {
        Complain("cluster " + cluster_.name + " cannot be listed");
        return kExitUnavailable;
      }
      if (!deadline || Steady::now() < *deadline) continue;
      was_judged = true;
      JudgeNow();
    }
    return *exit_code_;
  }

  void Show(const PassingStore::Passed& passed) {
    const auto is = [&labels = passed.labels](const char* name, std::string_view value) {
      const auto found = labels.find(name);
      return found != labels.end() && found->second == value;
    };
    const bool is_ours = is("name", name_) && is("kind", kind_.name);
    if (!is_ours || (following_ && *following_ != passed.key)) return;
    following_ = passed.key;
    EntryReader reader(passed.run.encoded);
    Entry entry;
    while (reader.Next(entry)) Print(entry);
    Write();
    if (passed.end) exit_code_ = ExitOf(passed.end);
  }

  void Print(const Entry& entry) {
    if (entry.lost) {
      printer_.EndLine();
      Write();
      Complain(LostText(*entry.lost == kLostUnknown ? std::nullopt : entry.lost));
    }
    ClientEntry line;
    line.time = FormatRfc3339(entry.time);
    line.stream = entry.stream;
    line.source = entry.source;
    line.text = entry.text;
    line.partial = entry.partial;
    printer_.Add(line);
  }

  void Write() {
    const std::string out = printer_.Take();
    const bool whole = std::fwrite(out.data(), 1, out.size(), stdout) == out.size();
    if (!whole || std::fflush(stdout) != 0) exit_code_ = kExitFailure;  // nobody reads it
  }

  // Nothing is under way: what kubectl says of the workload as it is.
  void JudgeNow() {
    Loop loop;
    auto client = kube::ApiClient::Make(loop, cluster_);
    if (!client) {
      exit_code_ = Failed(client.error());
      return;
    }
    std::string path =
        kube::ResourcePath(kind_.group_version, namespace_, kind_.plural).text() + "/" + name_;
    const kube::ApiCall call =
        (*client)->Get(std::move(path), [this, &loop](const kube::ApiEnd& end, std::string body) {
          OnObject(end, std::move(body));
          loop.Stop();
        });
    loop.Run();
  }

  void OnObject(const kube::ApiEnd& end, std::string body) {
    const std::string what = std::string(kind_.name) + " " + name_;
    if (end.status == kNotFound) {
      Complain("no " + what + " in namespace " + namespace_ + "; --wait waits for it");
      exit_code_ = kExitNoLog;
      return;
    }
    if (!end.ok()) {
      Complain(end.message);
      const bool is_forbidden = end.status == kUnauthorized || end.status == kForbidden;
      exit_code_ = is_forbidden ? kExitNotPermitted : kExitUnavailable;
      return;
    }
    body.reserve(body.size() + 64);
    const auto workload = ObjectReader().ReadWorkload(kind_.kind, body);
    if (!workload) {
      exit_code_ = Failed(workload.error());
      return;
    }
    const RolloutStatus status = JudgeRollout(*workload);
    if (status.state == RolloutStatus::State::kWaiting) return;
    std::printf("%s\n", status.words.c_str());
    const bool is_done = status.state == RolloutStatus::State::kDone;
    exit_code_ = is_done ? kExitOk : kExitFailure;
  }

  const RolloutArguments& arguments_;
  const Kind& kind_;
  const std::string name_;
  const kube::ClusterConfig cluster_;
  const std::string namespace_;
  PassingStore store_;
  TailPrinter printer_;
  std::optional<LogKey> following_;
  std::optional<int> exit_code_;  // set: it is over
};

}  // namespace

int RunDirectRollout(const RolloutArguments& arguments, const NamedWorkload& workload) {
  const Kind* found = nullptr;
  for (const Kind& kind : kKinds) {
    if (kind.name == workload.kind) found = &kind;
  }
  if (found == nullptr) {
    Complain("a pod by itself is followed by a server only, not with --direct");
    return kExitUsage;
  }
  auto clusters = kube::FindClusters("", {}, kube::ProcessEnvironment());
  if (!clusters) {
    Complain(clusters.error().message);
    return kExitUsage;
  }
  return DirectRollout(arguments, *found, workload.name, std::move(clusters->front())).Run();
}

}  // namespace tailrace
