#include "kubernetes/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "kubernetes/test_folder.h"

namespace tailrace::kube {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr TimeNs kSecond = 1'000'000'000;

class TestClock final : public Clock {
 public:
  TimeNs Now() const override { return now; }
  TimeNs now = *ParseRfc3339("2026-11-23T12:00:00Z");
};

class CredentialsTest : public testing::Test {
 protected:
  // What Get brings, after running the plugin if there is one.
  Result<Credentials::IdentityPtr> Get(Credentials& credentials) {
    std::optional<Result<Credentials::IdentityPtr>> result;
    credentials.Get([&](Result<Credentials::IdentityPtr> identity) {
      result = std::move(identity);
      loop_.Stop();
    });
    loop_.Run();
    return *result;
  }

  std::string Line(Credentials& credentials) {
    const auto identity = Get(credentials);
    if (!identity) return "error: " + identity.error().message;
    return (*identity)->header_lines.empty() ? "" : (*identity)->header_lines.front();
  }

  void UsePlugin(const std::string& answer) {
    plugin_ = folder_.Script("plugin", "echo run >>'" + folder_.path() +
                                           "/runs'\n"
                                           "cat <<'END'\n" +
                                           answer + "\nEND\n");
    cluster_.user.exec = {.api_version = "client.authentication.k8s.io/v1", .command = plugin_};
  }

  static std::string Answer(const std::string& status) {
    return R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{)" +
           status + "}}";
  }

  size_t Runs() const {
    std::error_code none;
    const auto size = std::filesystem::file_size(folder_.path() + "/runs", none);
    return none ? 0 : size / 4;
  }

  Loop loop_;
  const TestFolder folder_;
  TestClock clock_;
  ClusterConfig cluster_;
  std::string plugin_;
};

TEST_F(CredentialsTest, TokensAndPasswordsBecomeHeaders) {
  cluster_.user.token = "abc";
  cluster_.user.impersonate = {{"Impersonate-User", "ann"}};
  Credentials with_token(loop_, cluster_, clock_);
  EXPECT_THAT((*Get(with_token))->header_lines,
              ElementsAre("Authorization: Bearer abc", "Impersonate-User: ann"));
  ClusterConfig basic;
  basic.user.username = "Aladdin";
  basic.user.password = "open sesame";
  Credentials with_password(loop_, basic, clock_);
  EXPECT_EQ(Line(with_password), "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_F(CredentialsTest, FilesAreReadAgainWhenTheyAreOld) {
  cluster_.user.token_file = folder_.Write("token", "one\n");
  cluster_.ca.file = folder_.Write("ca", "CA");
  Credentials young(loop_, cluster_, clock_, 1'000'000);
  Credentials old(loop_, cluster_, clock_, 0);
  EXPECT_EQ(Line(young), "Authorization: Bearer one");
  const auto first = Get(old);
  EXPECT_EQ(*first, *Get(old));  // the same: nothing has changed
  folder_.Write("token", "two\n");
  EXPECT_EQ(Line(young), "Authorization: Bearer one");
  EXPECT_EQ(Line(old), "Authorization: Bearer two");
  // In the middle of a rotation.
  std::filesystem::remove(cluster_.user.token_file);
  EXPECT_EQ(Line(old), "Authorization: Bearer two");
}

TEST_F(CredentialsTest, AnIdentityThatIsRefusedIsReadAgainOnce) {
  cluster_.user.token_file = folder_.Write("token", "one\n");
  Credentials credentials(loop_, cluster_, clock_, 1'000'000);
  const auto first = *Get(credentials);
  folder_.Write("token", "two\n");
  EXPECT_TRUE(credentials.Renew(first));
  const auto second = *Get(credentials);
  EXPECT_THAT(second->header_lines, ElementsAre("Authorization: Bearer two"));
  // Another request that was sent with the first one.
  folder_.Write("token", "three\n");
  EXPECT_TRUE(credentials.Renew(first));
  EXPECT_EQ(*Get(credentials), second);
  const ClusterConfig fixed{.user = {.token = "x"}};
  Credentials without_files(loop_, fixed, clock_);
  EXPECT_FALSE(without_files.Renew(*Get(without_files)));
}

TEST_F(CredentialsTest, FilesThatAreNoCredentials) {
  cluster_.user.token_file = folder_.path() + "/none";
  Credentials credentials(loop_, cluster_, clock_);
  EXPECT_THAT(Line(credentials), HasSubstr("/none: No such file"));
  folder_.Write("none", "\n");
  EXPECT_THAT(Line(credentials), EndsWith("/none: is empty"));
  folder_.Write("none", "secret\r\nX: y\n");
  EXPECT_THAT(Line(credentials), EndsWith("/none: is no token: it has control characters"));
}

TEST_F(CredentialsTest, APluginIsAskedOnceUntilItsAnswerExpires) {
  UsePlugin(Answer(R"("token":"abc","expirationTimestamp":"2026-11-23T12:01:00Z")"));
  Credentials credentials(loop_, cluster_, clock_);
  EXPECT_EQ(Line(credentials), "Authorization: Bearer abc");
  clock_.now += 49 * kSecond;
  EXPECT_EQ(Line(credentials), "Authorization: Bearer abc");
  EXPECT_EQ(Runs(), 1u);
  clock_.now += 2 * kSecond;
  EXPECT_EQ(Line(credentials), "Authorization: Bearer abc");
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(CredentialsTest, AllWhoWaitForAPluginShareItsRun) {
  UsePlugin(Answer(R"("clientCertificateData":"CERT","clientKeyData":"KEY")"));
  Credentials credentials(loop_, cluster_, clock_);
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    credentials.Get([&](const Result<Credentials::IdentityPtr>& identity) {
      EXPECT_EQ((*identity)->certificate, "CERT");
      EXPECT_EQ((*identity)->key, "KEY");
      if (++answers == 3) loop_.Stop();
    });
  }
  loop_.Run();
  EXPECT_EQ(Runs(), 1u);
  EXPECT_TRUE(credentials.Renew(*Get(credentials)));
  EXPECT_TRUE(Get(credentials));
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(CredentialsTest, APluginIsToldWhatItIsFor) {
  UsePlugin(Answer(R"("token":"x")"));
  folder_.Script("plugin", "printf '%s' \"$KUBERNETES_EXEC_INFO$MORE\" >'" + folder_.path() +
                               "/info'\necho '" + Answer(R"("token":"x")") + "'\n");
  cluster_.user.exec.environment = {{"MORE", " more"}};
  cluster_.user.exec.provide_cluster_info = true;
  cluster_.server = "https://here:6443";
  cluster_.ca.data = "PEM";
  cluster_.tls_server_name = "name";
  Credentials credentials(loop_, cluster_, clock_);
  EXPECT_EQ(Line(credentials), "Authorization: Bearer x");
  std::ifstream info(folder_.path() + "/info");
  std::string text;
  std::getline(info, text);
  EXPECT_EQ(text,
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":)"
            R"({"interactive":false,"cluster":{"server":"https://here:6443","tls-server-name":)"
            R"("name","certificate-authority-data":"UEVN"}}} more)");
}

TEST_F(CredentialsTest, AnswersThatAreNoneAreToldWithoutTheirText) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"secret", "does not answer in JSON"},
      {R"({"kind":"Other","token":"secret"})",
       "does not answer with an ExecCredential of client.authentication.k8s.io/v1"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})",
       "does not answer with an ExecCredential of client.authentication.k8s.io/v1"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})",
       "answers without status"},
      {Answer(""), "answers without status.token and status.clientCertificateData"},
      {Answer(R"("clientKeyData":"secret","token":"secret")"),
       "answers with only one of clientCertificateData and clientKeyData"},
      {Answer(R"("token":"secret\n")"), "answers with control characters in status.token"},
      {Answer(R"("token":"secret","expirationTimestamp":"soon")"),
       "answers with a status.expirationTimestamp that is no time"},
  };
  for (const auto& [answer, expected] : cases) {
    UsePlugin(answer);
    Credentials credentials(loop_, cluster_, clock_);
    const std::string line = Line(credentials);
    EXPECT_EQ(line, "error: the exec plugin '" + plugin_ + "' " + expected);
    EXPECT_THAT(line, Not(HasSubstr("secret")));
  }
  cluster_.user.exec.command = folder_.path() + "/none";
  cluster_.user.exec.install_hint = "ask Ann";
  Credentials credentials(loop_, cluster_, clock_);
  EXPECT_THAT(Line(credentials), EndsWith("no such file or directory (ask Ann)"));
}

}  // namespace
}  // namespace tailrace::kube
