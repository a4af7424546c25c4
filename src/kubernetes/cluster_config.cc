#include "kubernetes/cluster_config.h"

#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "kubernetes/small_file.h"

namespace tailrace::kube {
namespace {

std::string ValueOf(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::vector<std::string> SplitPaths(std::string_view text) {
  std::vector<std::string> paths;
  while (!text.empty()) {
    const size_t end = std::min(text.find(':'), text.size());
    if (end > 0) paths.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return paths;
}

bool IsThere(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

}  // namespace

Environment ProcessEnvironment() {
  Environment all;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view pair(*at);
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos)
      all.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return all;
}

Result<ClusterConfig> InClusterConfig(const Environment& environment, const std::string& folder) {
  const std::string host = ValueOf(environment, "KUBERNETES_SERVICE_HOST");
  const std::string port = ValueOf(environment, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Fail(ErrorCode::kNotFound,
                "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  const auto number = ParseDecimal(port);
  if (!number || *number == 0 || *number > 65535) {
    return Fail(ErrorCode::kInvalid, "KUBERNETES_SERVICE_PORT is no port: " + port);
  }
  ClusterConfig cluster{.name = std::string(kInCluster)};
  const bool is_v6 = host.find(':') != std::string::npos;
  cluster.server = "https://" + (is_v6 ? "[" + host + "]" : host) + ":" + port;
  cluster.user.token_file = folder + "/token";
  cluster.ca.file = folder + "/ca.crt";
  for (const std::string& file : {cluster.user.token_file, cluster.ca.file}) {
    if (auto content = ReadSmallFile(file); !content) {
      return Fail(ErrorCode::kInvalid, content.error().message +
                                           " (of a pod's service account; is "
                                           "automountServiceAccountToken off?)");
    }
  }
  // Not there with some mounts made by hand.
  if (auto name = ReadSmallFile(folder + "/namespace")) cluster.namespace_name = std::move(*name);
  while (cluster.namespace_name.ends_with('\n')) cluster.namespace_name.pop_back();
  return cluster;
}

Result<std::vector<ClusterConfig>> FindClusters(const std::string& kubeconfig,
                                                const std::vector<std::string>& contexts,
                                                const Environment& environment) {
  std::vector<std::string> files = SplitPaths(ValueOf(environment, "KUBECONFIG"));
  if (!kubeconfig.empty()) files = {kubeconfig};
  if (files.empty() && contexts.empty()) {
    auto own = InClusterConfig(environment);
    if (own) return std::vector{std::move(*own)};
    if (own.error().code != ErrorCode::kNotFound) return Fail(own.error());
  }
  if (files.empty()) {
    const std::string usual = ValueOf(environment, "HOME") + "/.kube/config";
    const bool only_own = contexts == std::vector{std::string(kInCluster)};
    if (!IsThere(usual) && !only_own) {
      return Fail(ErrorCode::kInvalid,
                  "no cluster: neither kubernetes.kubeconfig nor KUBECONFIG names a file, this is "
                  "no pod, and there is no " +
                      usual);
    }
    files = {usual};
  }
  std::vector<ClusterConfig> clusters;
  for (const std::string& context : contexts.empty() ? std::vector<std::string>{""} : contexts) {
    auto cluster =
        context == kInCluster ? InClusterConfig(environment) : ReadKubeconfig(files, context);
    if (!cluster) return Fail(cluster.error());
    const bool twice = std::ranges::any_of(
        clusters, [&](const ClusterConfig& one) { return one.name == cluster->name; });
    if (twice) {
      return Fail(ErrorCode::kInvalid,
                  "kubernetes.contexts: '" + cluster->name + "' is there twice");
    }
    clusters.push_back(std::move(*cluster));
  }
  return clusters;
}

}  // namespace tailrace::kube
