#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "app/client/client_json.h"
#include "app/client/commands.h"
#include "app/client/direct_rollout.h"
#include "app/client/verb.h"
#include "kubernetes/cluster_config.h"

namespace tailrace {
namespace {

using Steady = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(500);
/// A server that follows the cluster has the log of a change that was just made by then.
constexpr auto kGrace = std::chrono::seconds(5);

struct KindName {
  std::string_view name;
  std::string_view kind;  ///< As in the label.
};
constexpr std::array<KindName, 13> kKinds = {{{"deploy", "Deployment"},
                                              {"deployment", "Deployment"},
                                              {"deployments", "Deployment"},
                                              {"deployment.apps", "Deployment"},
                                              {"sts", "StatefulSet"},
                                              {"statefulset", "StatefulSet"},
                                              {"statefulset.apps", "StatefulSet"},
                                              {"ds", "DaemonSet"},
                                              {"daemonset", "DaemonSet"},
                                              {"daemonset.apps", "DaemonSet"},
                                              {"job", "Job"},
                                              {"job.batch", "Job"},
                                              {"pod", "Pod"}}};

std::optional<NamedWorkload> ParseWorkload(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash + 1 == text.size()) return std::nullopt;
  for (const KindName& known : kKinds) {
    if (known.name != text.substr(0, slash)) continue;
    return NamedWorkload{std::string(known.kind), std::string(text.substr(slash + 1))};
  }
  return std::nullopt;
}

// Where kubectl would look.
std::string CurrentNamespace() {
  const auto clusters = kube::FindClusters("", {}, kube::ProcessEnvironment());
  if (!clusters || clusters->empty() || clusters->front().namespace_name.empty()) return "default";
  return clusters->front().namespace_name;
}

std::string NewestLogPath(const NamedWorkload& workload, const std::string& namespace_name) {
  std::string path = "/api/v1/logs?limit=1";
  for (const std::string& label :
       {"kind=" + workload.kind, "namespace=" + namespace_name, "name=" + workload.name}) {
    path += "&label=" + QueryEscape(label);
  }
  return path;
}

}  // namespace

int RunRollout(const RolloutArguments& arguments) {
  const auto workload = ParseWorkload(arguments.workload);
  if (!workload) {
    Complain("'" + arguments.workload +
             "' is no workload; one is named as in deploy/web, "
             "statefulset/db, daemonset/agent or job/seed");
    return kExitUsage;
  }
  if (arguments.direct) return RunDirectRollout(arguments, *workload);
  auto config = ClientConfig::FromEnvironment();
  if (!config) {
    Complain(config.error().message);
    return kExitUsage;
  }
  HttpClient client(std::move(*config));
  const std::string space =
      arguments.namespace_name.empty() ? CurrentNamespace() : arguments.namespace_name;
  const std::string path = NewestLogPath(*workload, space);
  const auto deadline = Steady::now() + kGrace;
  for (bool waiting_said = false;;) {
    const HttpReply reply = client.Send({.path = path});
    if (!reply.Ok()) return ComplainAbout(reply, client);
    const auto list = ReadList(reply.body);
    if (!list) {
      Complain(list.error().message);
      return kExitFailure;
    }
    const bool found = !list->logs.empty();
    const bool in_time = Steady::now() < deadline;
    if (found && (list->logs.front().state == "open" || (!in_time && !arguments.wait))) {
      const ClientLog& log = list->logs.front();
      return RunTail({.log = log.type + "/" + log.id,
                      .last = std::nullopt,
                      .follow = true,
                      .timestamps = arguments.timestamps,
                      .sources = true});
    }
    if (!in_time && !arguments.wait) {
      Complain("no rollout of " + arguments.workload + " in namespace " + space +
               "; --wait waits for one (does the server follow this cluster?)");
      return kExitNoLog;
    }
    if (!in_time && !std::exchange(waiting_said, true)) {
      Complain("waiting for a rollout of " + arguments.workload + " in namespace " + space);
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace tailrace
