#include "kubernetes/cluster_config.h"

#include <gtest/gtest.h>

#include "kubernetes/test_folder.h"

namespace tailrace::kube {
namespace {

class InClusterTest : public testing::Test {
 protected:
  InClusterTest() {
    folder_.Write("token", "secret-token\n");
    folder_.Write("ca.crt", "PEM");
    folder_.Write("namespace", "shop\n");
  }

  TestFolder folder_;
  Environment pod_ = {{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
};

TEST_F(InClusterTest, ServerTokenAndNamespaceOfThePod) {
  const auto cluster = InClusterConfig(pod_, folder_.path());
  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->server, "https://10.96.0.1:443");
  EXPECT_EQ(cluster->namespace_name, "shop");
  EXPECT_EQ(cluster->user.token_file, folder_.path() + "/token");
  EXPECT_EQ(cluster->ca.file, folder_.path() + "/ca.crt");
  EXPECT_EQ(cluster->name, "in-cluster");
}

TEST_F(InClusterTest, AddressOfVersion6) {
  pod_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  EXPECT_EQ(InClusterConfig(pod_, folder_.path())->server, "https://[fd00::1]:443");
}

TEST_F(InClusterTest, OutsideOfAPodIsNotFound) {
  EXPECT_EQ(InClusterConfig({}, folder_.path()).error().code, ErrorCode::kNotFound);
}

TEST_F(InClusterTest, NamesWhatIsWrong) {
  pod_["KUBERNETES_SERVICE_PORT"] = "0x1bb";
  auto cluster = InClusterConfig(pod_, folder_.path());
  EXPECT_EQ(cluster.error().message, "KUBERNETES_SERVICE_PORT is no port: 0x1bb");
  pod_["KUBERNETES_SERVICE_PORT"] = "443";
  cluster = InClusterConfig(pod_, folder_.path() + "/none");
  EXPECT_EQ(cluster.error().code, ErrorCode::kInvalid);
  EXPECT_NE(cluster.error().message.find("/none/token: No such file"), std::string::npos);
}

std::string Kubeconfig(const std::string& name) {
  return "current-context: " + name + "\ncontexts: [{name: " + name +
         ", context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "
         "'https://" +
         name + ":6443/'}}]\nusers: [{name: u, user: {token: t}}]\n";
}

TEST(FindClustersTest, TheFileGivenThenKubeconfigThenHome) {
  const TestFolder folder;
  const std::string given = folder.Write("given", Kubeconfig("given"));
  const std::string named = folder.Write("named", Kubeconfig("named"));
  folder.Write(".kube/config", Kubeconfig("usual"));
  Environment environment = {{"HOME", folder.path()}, {"KUBECONFIG", named}};
  EXPECT_EQ(FindClusters(given, {}, environment)->at(0).name, "given");
  EXPECT_EQ(FindClusters("", {}, environment)->at(0).name, "named");
  environment.erase("KUBECONFIG");
  EXPECT_EQ(FindClusters("", {}, environment)->at(0).name, "usual");
  environment["HOME"] = folder.path() + "/none";
  const auto none = FindClusters("", {}, environment);
  EXPECT_EQ(none.error().message,
            "no cluster: neither kubernetes.kubeconfig nor KUBECONFIG names a file, this is no "
            "pod, and there is no " +
                folder.path() + "/none/.kube/config");
}

TEST(FindClustersTest, EachContextIsAClusterOfItsName) {
  const TestFolder folder;
  const std::string one = folder.Write("one", Kubeconfig("one"));
  const std::string two = folder.Write("two", Kubeconfig("two"));
  const Environment environment = {{"KUBECONFIG", one + ":" + two + ":" + folder.path() + "/none"}};
  auto clusters = FindClusters("", {"two", "one"}, environment);
  ASSERT_TRUE(clusters);
  ASSERT_EQ(clusters->size(), 2u);
  EXPECT_EQ(clusters->at(0).name, "two");
  // The cluster "c" of the first file counts for both, as with kubectl.
  EXPECT_EQ(clusters->at(0).server, "https://one:6443");
  clusters = FindClusters("", {"one", "one"}, environment);
  EXPECT_EQ(clusters.error().message, "kubernetes.contexts: 'one' is there twice");
  clusters = FindClusters("", {"three"}, environment);
  EXPECT_EQ(clusters.error().message, one + ", " + two + ": there is no context 'three'");
}

}  // namespace
}  // namespace tailrace::kube
