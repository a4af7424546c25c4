#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubernetes/cluster_config.h"
#include "kubernetes/test_folder.h"

namespace tailrace::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

class KubeconfigTest : public testing::Test {
 protected:
  // A kubeconfig with one cluster and one user, whose fields are given as YAML.
  Result<ClusterConfig> Read(const std::string& cluster, const std::string& user) {
    file_ = folder_.Write("config",
                          "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
                          "contexts:\n- name: dev\n  context: {cluster: here, user: me, "
                          "namespace: shop}\n"
                          "clusters:\n- name: here\n  cluster: " +
                              cluster + "\nusers:\n- name: me\n  user: " + user + "\n");
    return ReadKubeconfig({file_}, "");
  }

  std::string Message(const std::string& cluster, const std::string& user) {
    const auto read = Read(cluster, user);
    return read ? "" : read.error().message;
  }

  const TestFolder folder_;
  std::string file_;
  const std::string server_ = "{server: 'https://here:6443'}";
};

TEST_F(KubeconfigTest, EveryFieldOfACluster) {
  const auto config = Read(
      "{server: 'https://here:6443/base/', certificate-authority-data: UEVN, tls-server-name: name,"
      " proxy-url: 'socks5://proxy:1080'}",
      "{token: secret}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->name, "dev");
  EXPECT_EQ(config->namespace_name, "shop");
  EXPECT_EQ(config->server, "https://here:6443/base");
  EXPECT_EQ(config->ca.data, "PEM");
  EXPECT_EQ(config->tls_server_name, "name");
  EXPECT_EQ(config->proxy_url, "socks5://proxy:1080");
  EXPECT_EQ(config->user.token, "secret");
  EXPECT_FALSE(config->skip_tls_verify);
  EXPECT_TRUE(
      Read("{server: 'https://here', insecure-skip-tls-verify: true}", "{}")->skip_tls_verify);
}

TEST_F(KubeconfigTest, FilesLieBesideTheKubeconfig) {
  folder_.Write("pki/ca.crt", "CA");
  folder_.Write("pki/me.crt", "CERT");
  folder_.Write("pki/me.key", "KEY");
  const auto config = Read("{server: 'https://here', certificate-authority: pki/ca.crt}",
                           "{client-certificate: pki/me.crt, client-key: " + folder_.path() +
                               "/pki/me.key, tokenFile: run/token}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->ca.file, folder_.path() + "/pki/ca.crt");
  EXPECT_EQ(config->user.certificate.file, folder_.path() + "/pki/me.crt");
  EXPECT_EQ(config->user.key.file, folder_.path() + "/pki/me.key");
  EXPECT_EQ(config->user.token_file, folder_.path() + "/run/token");
}

TEST_F(KubeconfigTest, DataGoesBeforeAFile) {
  const auto config = Read(
      "{server: 'https://here', certificate-authority: none, "
      "certificate-authority-data: \"UE\\nVN\"}",
      "{}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->ca.data, "PEM");
  EXPECT_EQ(config->ca.file, "");
}

TEST_F(KubeconfigTest, APluginWithArgumentsAndEnvironment) {
  const auto config = Read(server_,
                           "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: "
                           "bin/login, args: [get, '--for=1'], env: [{name: A, value: b=c}], "
                           "provideClusterInfo: true, installHint: 'ask Ann', interactiveMode: "
                           "IfAvailable}}");
  ASSERT_TRUE(config) << config.error().message;
  const ExecPlugin& exec = config->user.exec;
  EXPECT_EQ(exec.api_version, "client.authentication.k8s.io/v1beta1");
  EXPECT_EQ(exec.command, folder_.path() + "/bin/login");
  EXPECT_THAT(exec.arguments, ElementsAre("get", "--for=1"));
  EXPECT_THAT(exec.environment, ElementsAre(Pair("A", "b=c")));
  EXPECT_TRUE(exec.provide_cluster_info);
  EXPECT_EQ(exec.install_hint, "ask Ann");
}

TEST_F(KubeconfigTest, Impersonation) {
  const auto config = Read(server_, "{token: t, as: ann, as-groups: [dev, ops], as-uid: 7}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->user.impersonate,
              ElementsAre(Pair("Impersonate-User", "ann"), Pair("Impersonate-Uid", "7"),
                          Pair("Impersonate-Group", "dev"), Pair("Impersonate-Group", "ops")));
}

TEST_F(KubeconfigTest, ErrorsNameFileAndField) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"{server: 'here:6443'}", "{}", "clusters[here].cluster.server is no http or https URL"},
      {"{}", "{}", "clusters[here].cluster.server is no http or https URL"},
      {"{server: 'https://me:secret@here'}", "{}",
       "clusters[here].cluster.server must have no user in it"},
      {"{server: [a]}", "{}", "clusters[here].cluster.server is no text"},
      {"{server: 'https://h', certificate-authority-data: '*'}", "{}",
       "clusters[here].cluster.certificate-authority-data is no base64"},
      {"{server: 'https://h', certificate-authority: none}", "{}",
       "clusters[here].cluster.certificate-authority cannot be read: " + folder_.path() +
           "/none: No such file or directory"},
      {"{server: 'https://h', insecure-skip-tls-verify: perhaps}", "{}",
       "clusters[here].cluster.insecure-skip-tls-verify is neither true nor false"},
      {"{server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: UEVN}",
       "{}",
       "clusters[here].cluster.insecure-skip-tls-verify cannot be true beside a "
       "certificate-authority"},
      {server_, "{client-certificate-data: UEVN}", "users[me].user.client-key is missing"},
      {server_, "{client-key-data: c2VjcmV0}", "users[me].user.client-certificate is missing"},
      {server_, "{auth-provider: {name: gcp}}",
       "users[me].user.auth-provider is no longer supported by Kubernetes: use exec"},
      {server_, "{token: \"secret\\n\"}", "users[me].user.token has control characters"},
      {server_, "{as: \"a\\r\\nX: y\", token: secret}", "users[me].user.as has control characters"},
      {server_, "{token: secret, exec: {command: x}}",
       "users[me].user.exec cannot stand beside token, tokenFile or username"},
      {server_, "{exec: {apiVersion: client.authentication.k8s.io/v1}}",
       "users[me].user.exec.command is missing"},
      {server_, "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}",
       "users[me].user.exec.apiVersion must be client.authentication.k8s.io/v1 or v1beta1"},
      {server_,
       "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1, env: [{value: secret}]}}",
       "users[me].user.exec.env.name is missing"},
      {server_,
       "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}}",
       "users[me].user.exec.interactiveMode is Always, but nobody is there"},
  };
  for (const auto& [cluster, user, expected] : cases) {
    const std::string message = Message(cluster, user);
    EXPECT_EQ(message.substr(0, file_.size() + 2), file_ + ": ") << message;
    EXPECT_THAT(message, testing::EndsWith(expected)) << cluster << user;
    EXPECT_THAT(message, Not(HasSubstr("secret")));
  }
}

TEST_F(KubeconfigTest, BrokenYamlIsToldByItsLineWithoutItsText) {
  const std::string file = folder_.Write("broken", "users:\n- name: me\n  user: {token: secret\n");
  const auto read = ReadKubeconfig({file}, "");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr(file + ":"));
  EXPECT_THAT(read.error().message, HasSubstr("is no YAML"));
  EXPECT_THAT(read.error().message, Not(HasSubstr("secret")));
  for (const std::string content : {"", "just text", "[1, 2]", "contexts: 7", "contexts: [7]",
                                    "current-context: [a]", "current-context: x\ncontexts: null"}) {
    EXPECT_FALSE(ReadKubeconfig({folder_.Write("odd", content)}, "")) << content;
  }
  EXPECT_THAT(ReadKubeconfig({folder_.path() + "/none"}, "").error().message,
              HasSubstr("/none: No such file"));
}

TEST_F(KubeconfigTest, OfSeveralFilesTheFirstWithANameCounts) {
  const std::string first =
      folder_.Write("first", "users: [{name: me, user: {token: one}}]\ncurrent-context: a\n");
  const std::string second = folder_.Write(
      "second",
      "current-context: b\nusers: [{name: me, user: {token: two}}]\nclusters: [{name: c, cluster: "
      "{server: 'http://h'}}]\ncontexts: [{name: a, context: {cluster: c, user: me}}]\n");
  const auto config = ReadKubeconfig({first, folder_.path() + "/none", second}, "");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->name, "a");
  EXPECT_EQ(config->user.token, "one");
  EXPECT_EQ(config->server, "http://h");
}

}  // namespace
}  // namespace tailrace::kube
