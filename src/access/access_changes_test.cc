#include "access/access_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "what name=value …"
std::vector<std::string> Texts(const std::vector<AccessChange>& changes) {
  std::vector<std::string> texts;
  for (const AccessChange& change : changes) {
    std::string& text = texts.emplace_back(change.what);
    for (const auto& [name, value] : change.fields) {
      text.append(" ").append(name).append("=").append(value);
    }
  }
  return texts;
}

Token MakeToken(const std::string& name) {
  Token token;
  token.name = name;
  token.digest = Digest::Of(name);
  token.scope = ParseScope("write", "deploy/*").value();
  return token;
}

Grant MakeGrant(const std::string& user, const std::string& logs, std::string origin) {
  Grant grant;
  grant.users = {user};
  grant.scope = ParseScope("read", logs).value();
  grant.origin = std::move(origin);
  return grant;
}

TEST(AccessChanges, UsersByName) {
  const Users before = {{"ann", {{"dev"}, "hash", 1}}, {"bob", {{}, "hash", 1}}};
  EXPECT_THAT(ChangesOf(before, before), IsEmpty());
  const Users after = {{"ann", {{"dev", "ops"}, "other", 2}}, {"eve", {{"dev"}, "hash", 1}}};
  EXPECT_THAT(Texts(ChangesOf(before, after)),
              ElementsAre("user removed user=bob",
                          "user changed user=ann groups=dev,ops password=new sessions=ended",
                          "user added user=eve groups=dev"));
  const Users logged_out = {{"ann", {{"dev"}, "hash", 2}}, {"bob", {{}, "hash", 1}}};
  EXPECT_THAT(Texts(ChangesOf(before, logged_out)),
              ElementsAre("user changed user=ann groups=dev password=same sessions=ended"));
}

TEST(AccessChanges, TokensByIdAndName) {
  const Tokens before = {{"0123", MakeToken("ci")}};
  Token later = MakeToken("cd");
  later.expires = TimeNs{1'000'000'000};
  const Tokens after = {{"4567", later}};
  EXPECT_THAT(ChangesOf(after, after), IsEmpty());
  EXPECT_THAT(Texts(ChangesOf(before, after)),
              ElementsAre("token revoked token=0123 name=ci may=write logs=deploy/* expires=never",
                          "token created token=4567 name=cd may=write logs=deploy/* "
                          "expires=1970-01-01T00:00:01.000000000Z"));
}

TEST(AccessChanges, GrantsByWhatTheySay) {
  const std::vector<Grant> before = {MakeGrant("ann", "a/*", "f:1"),
                                     MakeGrant("bob", "b/*", "f:5")};
  const std::vector<Grant> moved = {MakeGrant("bob", "b/*", "f:1"), MakeGrant("ann", "a/*", "f:9")};
  EXPECT_THAT(ChangesOf(before, moved), IsEmpty());
  std::vector<Grant> after = {MakeGrant("ann", "a/*", "f:1"), MakeGrant("ann", "a/*", "f:2")};
  after.back().scope.labels = {{"team", "web"}};
  EXPECT_THAT(Texts(ChangesOf(before, after)),
              ElementsAre("grant removed user=bob logs=b/* may=read",
                          "grant added user=ann logs=a/* labels=team=web may=read"));
  // One of two that say the same.
  EXPECT_THAT(Texts(ChangesOf({before[0], before[0]}, {before[0]})),
              ElementsAre("grant removed user=ann logs=a/* may=read"));
}

}  // namespace
}  // namespace tailrace
