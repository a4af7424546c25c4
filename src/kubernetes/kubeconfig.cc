// Kubeconfig files. Field names and merging are kubectl's ("Organizing Cluster Access Using
// kubeconfig Files"); yaml-cpp throws, and what it throws stays in this file.
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/base64.h"
#include "kubernetes/cluster_config.h"
#include "kubernetes/small_file.h"

namespace tailrace::kube {
namespace {

constexpr std::string_view kExecGroup = "client.authentication.k8s.io/";

// A mapping of a file, with words for what is wrong in it.
struct Section {
  YAML::Node node;
  std::string file;
  std::string place;  // "users[dev].user"

  std::unexpected<Error> Complain(const std::string& key, const std::string& what) const {
    return Fail(ErrorCode::kInvalid,
                file + ": " + place + (key.empty() ? "" : "." + key) + " " + what);
  }

  bool Has(const std::string& key) const {
    return node.IsMap() && node[key].IsDefined() && !node[key].IsNull();
  }

  Section Below(const std::string& key) const {
    return {Has(key) ? node[key] : YAML::Node(YAML::NodeType::Map), file, place + "." + key};
  }

  Result<std::string> Text(const std::string& key) const {
    if (!Has(key)) return std::string();
    if (!node[key].IsScalar()) return Complain(key, "is no text");
    return node[key].Scalar();
  }

  Result<bool> Switch(const std::string& key) const {
    bool on = false;
    if (Has(key) && !YAML::convert<bool>::decode(node[key], on)) {
      return Complain(key, "is neither true nor false");
    }
    return on;
  }

  // A file's path; those that are relative begin in the kubeconfig's folder.
  Result<std::string> Path(const std::string& key) const {
    auto text = Text(key);
    if (!text || text->empty() || text->front() == '/') return text;
    return (std::filesystem::path(file).parent_path() / *text).string();
  }

  Result<PemSource> Pem(const std::string& key) const {
    PemSource source;
    auto data = Text(key + "-data");
    if (!data) return Fail(data.error());
    if (!data->empty()) {
      std::erase_if(*data, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
      if (!DecodeBase64(*data, source.data)) return Complain(key + "-data", "is no base64");
      return source;
    }
    auto path = Path(key);
    if (!path) return Fail(path.error());
    source.file = std::move(*path);
    if (!source.file.empty()) {
      if (auto content = ReadSmallFile(source.file); !content) {
        return Complain(key, "cannot be read: " + content.error().message);
      }
    }
    return source;
  }

  Result<std::vector<std::string>> Texts(const std::string& key) const {
    std::vector<std::string> all;
    if (!Has(key)) return all;
    if (!node[key].IsSequence()) return Complain(key, "is no list");
    for (const auto& one : node[key]) {
      if (!one.IsScalar()) return Complain(key, "has something that is no text");
      all.push_back(one.Scalar());
    }
    return all;
  }
};

class Files {
 public:
  // A file that is not there counts for nothing if there are several, as with kubectl.
  Result<void> Read(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      if (paths.size() > 1 && access(path.c_str(), F_OK) != 0) continue;
      auto content = ReadSmallFile(path);
      if (!content) return Fail(ErrorCode::kInvalid, content.error().message);
      YAML::Node root = YAML::Load(*content);
      if (root.IsNull()) root = YAML::Node(YAML::NodeType::Map);
      if (!root.IsMap()) return Fail(ErrorCode::kInvalid, path + ": is no kubeconfig");
      roots_.push_back({root, path, ""});
    }
    if (roots_.empty()) {
      return Fail(ErrorCode::kInvalid, "KUBECONFIG: none of its files is there");
    }
    return {};
  }

  Result<std::string> CurrentContext() const {
    for (const Section& root : roots_) {
      auto name = root.Text("current-context");
      if (!name || !name->empty()) return name;
    }
    return Fail(ErrorCode::kInvalid, Names() + ": no current-context, and no context is given");
  }

  // The entry `name` of the list `kind`: {"contexts", "context"}.
  Result<Section> Find(const std::string& list, const std::string& kind,
                       const std::string& name) const {
    for (const Section& root : roots_) {
      if (!root.Has(list)) continue;
      if (!root.node[list].IsSequence()) {
        return Fail(ErrorCode::kInvalid, root.file + ": " + list + " is no list");
      }
      for (const auto& entry : root.node[list]) {
        const Section section{entry, root.file, list + "[" + name + "]"};
        auto own = section.Text("name");
        if (own && *own == name) return section.Below(kind);
      }
    }
    return Fail(ErrorCode::kInvalid, Names() + ": there is no " + kind + " '" + name + "'");
  }

 private:
  std::string Names() const {
    std::string names;
    for (const Section& root : roots_) names += (names.empty() ? "" : ", ") + root.file;
    return names;
  }

  std::vector<Section> roots_;
};

// Assigns what a reader returned, or keeps its error.
class Reader {
 public:
  template <typename T>
  void Take(T& into, Result<T> value) {
    if (error_) return;
    if (value) {
      into = std::move(*value);
    } else {
      error_ = value.error();
    }
  }
  Result<void> Outcome() const {
    if (error_) return Fail(*error_);
    return {};
  }

 private:
  std::optional<Error> error_;
};

Result<void> ReadCluster(const Section& section, ClusterConfig& cluster) {
  Reader reader;
  reader.Take(cluster.server, section.Text("server"));
  reader.Take(cluster.ca, section.Pem("certificate-authority"));
  reader.Take(cluster.tls_server_name, section.Text("tls-server-name"));
  reader.Take(cluster.proxy_url, section.Text("proxy-url"));
  reader.Take(cluster.skip_tls_verify, section.Switch("insecure-skip-tls-verify"));
  if (auto outcome = reader.Outcome(); !outcome) return outcome;
  const std::string& server = cluster.server;
  if (!server.starts_with("https://") && !server.starts_with("http://")) {
    return section.Complain("server", "is no http or https URL");
  }
  if (server.find('@') != std::string::npos) {
    return section.Complain("server", "must have no user in it");
  }
  if (cluster.skip_tls_verify && !cluster.ca.empty()) {
    return section.Complain("insecure-skip-tls-verify",
                            "cannot be true beside a certificate-authority");
  }
  while (cluster.server.ends_with('/')) cluster.server.pop_back();
  return {};
}

Result<ExecPlugin> ReadExec(const Section& section) {
  ExecPlugin exec;
  Reader reader;
  std::string mode;
  reader.Take(exec.api_version, section.Text("apiVersion"));
  reader.Take(exec.command, section.Text("command"));
  reader.Take(exec.arguments, section.Texts("args"));
  reader.Take(exec.install_hint, section.Text("installHint"));
  reader.Take(exec.provide_cluster_info, section.Switch("provideClusterInfo"));
  reader.Take(mode, section.Text("interactiveMode"));
  if (auto outcome = reader.Outcome(); !outcome) return Fail(outcome.error());
  if (exec.command.empty()) return section.Complain("command", "is missing");
  const std::string_view version = exec.api_version;
  if (version != std::string(kExecGroup) + "v1" && version != std::string(kExecGroup) + "v1beta1") {
    return section.Complain("apiVersion", "must be " + std::string(kExecGroup) + "v1 or v1beta1");
  }
  if (mode == "Always")
    return section.Complain("interactiveMode", "is Always, but nobody is there");
  if (exec.command.find('/') != std::string::npos) {
    exec.command = *section.Path("command");
  }
  if (!section.Has("env")) return exec;
  for (const auto& entry : section.node["env"]) {
    const Section pair{entry, section.file, section.place + ".env"};
    std::string name;
    std::string value;
    reader.Take(name, pair.Text("name"));
    reader.Take(value, pair.Text("value"));
    if (auto outcome = reader.Outcome(); !outcome) return Fail(outcome.error());
    if (name.empty()) return pair.Complain("name", "is missing");
    exec.environment.emplace_back(std::move(name), std::move(value));
  }
  return exec;
}

Result<void> ReadImpersonation(const Section& section, UserConfig& user) {
  Reader reader;
  std::string as;
  std::string uid;
  std::vector<std::string> groups;
  reader.Take(as, section.Text("as"));
  reader.Take(uid, section.Text("as-uid"));
  reader.Take(groups, section.Texts("as-groups"));
  if (auto outcome = reader.Outcome(); !outcome) return outcome;
  if (section.Has("as-user-extra")) return section.Complain("as-user-extra", "is not supported");
  if (!as.empty()) user.impersonate.emplace_back("Impersonate-User", as);
  if (!uid.empty()) user.impersonate.emplace_back("Impersonate-Uid", uid);
  for (const std::string& group : groups) user.impersonate.emplace_back("Impersonate-Group", group);
  return {};
}

// Values of header fields may have no control characters in them.
Result<void> CheckText(const Section& section, const std::string& key, const std::string& text) {
  const auto bad = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, bad)) return section.Complain(key, "has control characters");
  return {};
}

Result<void> ReadUser(const Section& section, UserConfig& user) {
  Reader reader;
  reader.Take(user.certificate, section.Pem("client-certificate"));
  reader.Take(user.key, section.Pem("client-key"));
  reader.Take(user.token, section.Text("token"));
  reader.Take(user.token_file, section.Path("tokenFile"));
  reader.Take(user.username, section.Text("username"));
  reader.Take(user.password, section.Text("password"));
  if (auto outcome = reader.Outcome(); !outcome) return outcome;
  if (section.Has("auth-provider")) {
    return section.Complain("auth-provider", "is no longer supported by Kubernetes: use exec");
  }
  if (user.certificate.empty() != user.key.empty()) {
    return section.Complain(user.key.empty() ? "client-key" : "client-certificate", "is missing");
  }
  if (auto checked = CheckText(section, "token", user.token); !checked) return checked;
  if (section.Has("exec")) {
    if (!user.token.empty() || !user.token_file.empty() || !user.username.empty()) {
      return section.Complain("exec", "cannot stand beside token, tokenFile or username");
    }
    auto exec = ReadExec(section.Below("exec"));
    if (!exec) return Fail(exec.error());
    user.exec = std::move(*exec);
  }
  if (auto read = ReadImpersonation(section, user); !read) return read;
  for (const auto& [name, value] : user.impersonate) {
    if (auto checked = CheckText(section, "as", value); !checked) return checked;
  }
  return {};
}

Result<ClusterConfig> ReadContext(const std::vector<std::string>& paths,
                                  const std::string& wanted) {
  Files files;
  if (auto read = files.Read(paths); !read) return Fail(read.error());
  Result<std::string> name = wanted.empty() ? files.CurrentContext() : wanted;
  if (!name) return Fail(name.error());
  auto context = files.Find("contexts", "context", *name);
  if (!context) return Fail(context.error());
  Reader reader;
  ClusterConfig cluster{.name = *name};
  std::string cluster_name;
  std::string user_name;
  reader.Take(cluster_name, context->Text("cluster"));
  reader.Take(user_name, context->Text("user"));
  reader.Take(cluster.namespace_name, context->Text("namespace"));
  if (auto outcome = reader.Outcome(); !outcome) return Fail(outcome.error());
  auto section = files.Find("clusters", "cluster", cluster_name);
  if (!section) return Fail(section.error());
  if (auto read = ReadCluster(*section, cluster); !read) return Fail(read.error());
  if (user_name.empty()) return cluster;
  section = files.Find("users", "user", user_name);
  if (!section) return Fail(section.error());
  if (auto read = ReadUser(*section, cluster.user); !read) return Fail(read.error());
  return cluster;
}

}  // namespace

Result<ClusterConfig> ReadKubeconfig(const std::vector<std::string>& files,
                                     const std::string& context) {
  // Without its message, which may have a piece of the file in it.
  try {
    return ReadContext(files, context);
  } catch (const YAML::Exception& error) {
    const std::string line = error.mark.is_null() ? "" : ":" + std::to_string(error.mark.line + 1);
    std::string names;
    for (const std::string& file : files) names += (names.empty() ? "" : ", ") + file;
    return Fail(ErrorCode::kInvalid, names + line + ": is no YAML that can be read");
  }
}

}  // namespace tailrace::kube
