#include "access/grants.h"

#include <gtest/gtest.h>

#include "access/identity.h"

namespace tailrace {
namespace {

Scope MakeScope(VerbSet may, const std::string& logs, LabelMap labels = {}) {
  return {may, {*LogPattern::Parse(logs)}, std::move(labels)};
}

Grant ForUser(const std::string& user, Scope scope) {
  Grant grant;
  grant.users = {user};
  grant.scope = std::move(scope);
  return grant;
}

PolicyPtr MakePolicy(std::vector<Grant> grants) {
  return std::make_shared<const Policy>(std::move(grants));
}

IdentityPtr Somebody(const std::string& user, std::vector<std::string> groups = {}) {
  Identity identity;
  identity.user = user;
  identity.groups = std::move(groups);
  identity.proof = Proof::kSession;
  return std::make_shared<const Identity>(std::move(identity));
}

TEST(Rights, OfUsersGroupsAnyoneAndWhoIsSignedIn) {
  Grant group;
  group.groups = {"dev"};
  group.scope = MakeScope({Verb::kWrite}, "dev/*");
  Grant anyone;
  anyone.anyone = true;
  anyone.scope = MakeScope({Verb::kRead}, "public/*");
  Grant signed_in;
  signed_in.signed_in = true;
  signed_in.scope = MakeScope({Verb::kRead}, "staff/*");
  const PolicyPtr policy =
      MakePolicy({ForUser("ann", MakeScope({Verb::kRead}, "deploy/*")), group, anyone, signed_in});

  const Rights ann(policy, Somebody("ann"));
  EXPECT_EQ(ann.To(Verb::kRead, "deploy", "1"), NameVerdict::kYes);
  EXPECT_EQ(ann.To(Verb::kWrite, "deploy", "1"), NameVerdict::kNo);
  EXPECT_EQ(ann.To(Verb::kRead, "public", "1"), NameVerdict::kYes);
  EXPECT_EQ(ann.To(Verb::kRead, "staff", "1"), NameVerdict::kYes);
  EXPECT_EQ(ann.To(Verb::kWrite, "dev", "1"), NameVerdict::kNo);
  const Rights bob(policy, Somebody("bob", {"ops", "dev"}));
  EXPECT_EQ(bob.To(Verb::kWrite, "dev", "1"), NameVerdict::kYes);
  EXPECT_EQ(bob.To(Verb::kRead, "dev", "1"), NameVerdict::kNo) << "write does not contain read";
  EXPECT_EQ(bob.To(Verb::kRead, "deploy", "1"), NameVerdict::kNo);
  const Rights nobody(policy, Anyone());
  EXPECT_EQ(nobody.To(Verb::kRead, "public", "1"), NameVerdict::kYes);
  EXPECT_EQ(nobody.To(Verb::kRead, "staff", "1"), NameVerdict::kNo);
  EXPECT_FALSE(nobody.ToSome(Verb::kWrite));
  EXPECT_TRUE(nobody.ToSome(Verb::kRead));
}

TEST(Rights, AdminContainsTheOthers) {
  const Rights rights(MakePolicy({ForUser("ann", MakeScope({Verb::kAdmin}, "a/*"))}),
                      Somebody("ann"));
  for (const Verb verb : {Verb::kRead, Verb::kWrite, Verb::kAdmin}) {
    EXPECT_EQ(rights.To(verb, "a", "1"), NameVerdict::kYes);
    EXPECT_FALSE(rights.ToAll(verb));
  }
}

TEST(Rights, LabelsHaveToBeTheLogs) {
  const LabelMap web = {{"team", "web"}};
  const Rights rights(MakePolicy({ForUser("ann", MakeScope({Verb::kRead}, "*", web))}),
                      Somebody("ann"));
  EXPECT_EQ(rights.To(Verb::kRead, "a", "1"), NameVerdict::kByLabels);
  EXPECT_TRUE(rights.To(Verb::kRead, "a", "1", {{"team", "web"}, {"x", "y"}}));
  EXPECT_FALSE(rights.To(Verb::kRead, "a", "1", {{"team", "webs"}}));
  EXPECT_FALSE(rights.To(Verb::kRead, "a", "1", {}));
  EXPECT_FALSE(rights.ToAll(Verb::kRead));
}

TEST(Rights, OfACredentialAreItsOwnAndAnyones) {
  Identity token;
  token.user = "ann";
  token.proof = Proof::kToken;
  token.scopes = {MakeScope({Verb::kWrite}, "ci/*")};
  Grant anyone;
  anyone.anyone = true;
  anyone.scope = MakeScope({Verb::kRead}, "public/*");
  Grant signed_in;
  signed_in.signed_in = true;
  signed_in.scope = MakeScope({Verb::kRead}, "staff/*");
  const Rights rights(
      MakePolicy({ForUser("ann", MakeScope({Verb::kAdmin}, "*")), anyone, signed_in}),
      std::make_shared<const Identity>(std::move(token)));
  EXPECT_EQ(rights.To(Verb::kWrite, "ci", "1"), NameVerdict::kYes);
  EXPECT_EQ(rights.To(Verb::kRead, "ci", "1"), NameVerdict::kNo);
  EXPECT_EQ(rights.To(Verb::kRead, "public", "1"), NameVerdict::kYes);
  EXPECT_EQ(rights.To(Verb::kRead, "staff", "1"), NameVerdict::kNo);
  EXPECT_FALSE(rights.ToAll(Verb::kAdmin));
}

TEST(Rights, WithoutUserNoGrantOfAnEmptyName) {
  const Rights rights(MakePolicy({ForUser("", MakeScope({Verb::kAdmin}, "*"))}), Somebody(""));
  EXPECT_FALSE(rights.ToSome(Verb::kRead));
}

TEST(Rights, OpenPolicyPermitsEverything) {
  const Rights rights(OpenPolicy(), Anyone());
  EXPECT_TRUE(rights.ToAll(Verb::kAdmin));
  EXPECT_FALSE(Rights().ToSome(Verb::kRead));
}

TEST(Verbs, HaveNames) {
  for (const Verb verb : {Verb::kRead, Verb::kWrite, Verb::kAdmin}) {
    EXPECT_EQ(ParseVerb(VerbName(verb)), verb);
  }
  EXPECT_FALSE(ParseVerb("Read"));
}

}  // namespace
}  // namespace tailrace
