// ClusterConfig: where an API server is and who we are there, from a kubeconfig or from inside a
// cluster. Nothing here connects.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tailrace::kube {

/// Bytes given as they are, or a file that is read again each minute. Both empty: none.
struct PemSource {
  std::string data;
  std::string file;

  bool empty() const { return data.empty() && file.empty(); }
};

/// An `exec` plugin (client.authentication.k8s.io/v1, v1beta1).
struct ExecPlugin {
  std::string api_version;
  std::string command;  ///< Empty: none. With a '/': relative to the kubeconfig's folder.
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string install_hint;
  bool provide_cluster_info = false;
};

/// At most one of token, token_file, basic and exec is used, in that order: file before text.
struct UserConfig {
  PemSource certificate;
  PemSource key;
  std::string token;
  std::string token_file;  ///< Read again each minute and after a 401.
  std::string username;
  std::string password;
  ExecPlugin exec;
  /// Impersonate-User and so on, ready to be sent.
  std::vector<std::pair<std::string, std::string>> impersonate;
};

struct ClusterConfig {
  std::string name;            ///< For labels: the kubeconfig's context, or "in-cluster".
  std::string server;          ///< "https://HOST:PORT" and perhaps a path, without '/' at the end.
  std::string namespace_name;  ///< The context's, or that of the own pod; empty: none is named.
  PemSource ca;                ///< Empty: the system's.
  std::string tls_server_name;
  std::string proxy_url;  ///< Empty: that of the environment (HTTPS_PROXY, NO_PROXY), as kubectl.
  bool skip_tls_verify = false;
  UserConfig user;
};

/// Environment and home, injected.
using Environment = std::map<std::string, std::string, std::less<>>;
Environment ProcessEnvironment();

inline constexpr std::string_view kInCluster = "in-cluster";
inline constexpr const char* kServiceAccountFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

/// Of a pod's own service account. kNotFound: not in a pod. kInvalid names variable or file.
Result<ClusterConfig> InClusterConfig(const Environment& environment,
                                      const std::string& folder = kServiceAccountFolder);

/// One context of kubeconfig files that are merged as kubectl does: of each name the first file's
/// entry counts. `context` empty: the current one. kInvalid names file and field, never a secret.
Result<ClusterConfig> ReadKubeconfig(const std::vector<std::string>& files,
                                     const std::string& context);

/// The clusters that a server follows. `kubeconfig` empty: what KUBECONFIG names, else the own
/// service account, else ~/.kube/config. `contexts` empty: the current one; "in-cluster" is the own
/// service account.
Result<std::vector<ClusterConfig>> FindClusters(const std::string& kubeconfig,
                                                const std::vector<std::string>& contexts,
                                                const Environment& environment);

}  // namespace tailrace::kube
