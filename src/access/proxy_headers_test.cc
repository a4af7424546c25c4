#include "access/proxy_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

class Still final : public Clock {
 public:
  TimeNs Now() const override { return 5'000'000'000; }
};

Decision Decide(std::initializer_list<HeaderField> fields, bool trusted = true) {
  static const ProxyAuthConfig kConfig{.user_header = "X-Remote-User",
                                       .groups_header = "X-Remote-Groups"};
  static const Still kClock;
  ProxyHeadersAuthenticator authenticator(kConfig, kClock);
  RequestHead head;
  for (const HeaderField& field : fields) head.headers.Add(field.name, field.value);
  const Query query;
  Credentials credentials{head, query};
  credentials.from_trusted_proxy = trusted;
  return authenticator.Decide(credentials);
}

TEST(ProxyHeaders, UserAndGroups) {
  const Decision decision =
      Decide({{"x-remote-user", " joe "}, {"X-Remote-Groups", "ops,dev"}, {"Cookie", "a=b"}});
  ASSERT_EQ(decision.kind, Decision::Kind::kIdentity);
  EXPECT_EQ(decision.identity->user, "joe");
  EXPECT_THAT(decision.identity->groups, testing::ElementsAre("dev", "ops"));
  EXPECT_EQ(decision.identity->proof, Proof::kProxyHeaders);
  EXPECT_EQ(decision.identity->expires, 65'000'000'000);
}

TEST(ProxyHeaders, OfNobodyElse) {
  EXPECT_EQ(Decide({{"X-Remote-User", "joe"}}, false).kind, Decision::Kind::kNotMine);
}

TEST(ProxyHeaders, OnlyTheVeryName) {
  for (const char* name : {"X_Remote_User", "X-Remote_User", "X-Remote-User ", "XRemoteUser",
                           "X-Remote-Users", "Remote-User", "X.Remote.User"}) {
    EXPECT_EQ(Decide({{name, "root"}}).kind, Decision::Kind::kNotMine) << name;
  }
  EXPECT_EQ(Decide({{"X-Remote-User", ""}}).kind, Decision::Kind::kNotMine);
}

TEST(ProxyHeaders, TwiceIsRefused) {
  EXPECT_EQ(Decide({{"X-Remote-User", "joe"}, {"x-remote-USER", "root"}}).kind,
            Decision::Kind::kRefused);
  EXPECT_EQ(
      Decide({{"X-Remote-User", "joe"}, {"X-Remote-Groups", "a"}, {"X-Remote-Groups", "b"}}).kind,
      Decision::Kind::kRefused);
  EXPECT_EQ(Decide({{"X-Remote-User", "j\x01oe"}}).kind, Decision::Kind::kRefused);
}

}  // namespace
}  // namespace tailrace
