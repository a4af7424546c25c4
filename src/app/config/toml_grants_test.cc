#include <gtest/gtest.h>

#include "access/identity.h"
#include "app/config/grants_config.h"

namespace tailrace {
namespace {

std::string ErrorOf(std::string_view text) {
  const auto grants = ReadTomlGrants(text, "t.toml");
  return grants ? "none" : grants.error().message;
}

constexpr std::string_view kAll = R"(
[[grant]]
user = "ann"
logs = ["deploy/*", "build/4*"]
labels = ["team=web", "env=a=b"]
may = ["read", "write"]
[[grant]]
user = ["bob", "eve"]
group = "dev"
logs = "*"
may = "admin"
[[grant]]
anyone = true
labels = "public=yes"
may = "read"
[[grant]]
signed_in = true
logs = "staff/*"
may = "read"
)";

TEST(TomlGrants, AllFields) {
  const auto grants = ReadTomlGrants(kAll, "t.toml");
  ASSERT_TRUE(grants) << grants.error().message;
  ASSERT_EQ(grants->size(), 4U);
  const Grant& ann = (*grants)[0];
  EXPECT_EQ(ann.users, std::vector<std::string>{"ann"});
  EXPECT_EQ(ann.scope.logs.size(), 2U);
  EXPECT_EQ(ann.scope.labels, (LabelMap{{"team", "web"}, {"env", "a=b"}}));
  EXPECT_EQ(ann.scope.may, (VerbSet{Verb::kRead, Verb::kWrite}));
  EXPECT_EQ(ann.origin, "t.toml:2");
  EXPECT_EQ((*grants)[1].users.size(), 2U);
  EXPECT_TRUE((*grants)[1].scope.logs[0].FitsAll());
  EXPECT_TRUE((*grants)[2].anyone);
  EXPECT_TRUE((*grants)[2].scope.logs[0].FitsAll()) << "labels alone: whatever its name";
  EXPECT_TRUE((*grants)[3].signed_in);
  EXPECT_TRUE(ReadTomlGrants("workers = 1", "t.toml")->empty());
}

TEST(TomlGrants, PrintedAreReadBack) {
  const auto grants = ReadTomlGrants(kAll, "t.toml");
  const std::string printed = PrintGrants(*grants);
  const auto again = ReadTomlGrants(printed, "t.toml");
  ASSERT_TRUE(again) << again.error().message << printed;
  ASSERT_EQ(again->size(), grants->size());
  for (size_t i = 0; i < grants->size(); ++i) {
    EXPECT_EQ((*again)[i].users, (*grants)[i].users);
    EXPECT_EQ((*again)[i].groups, (*grants)[i].groups);
    EXPECT_EQ((*again)[i].anyone, (*grants)[i].anyone);
    EXPECT_EQ((*again)[i].signed_in, (*grants)[i].signed_in);
    EXPECT_EQ((*again)[i].scope.labels, (*grants)[i].scope.labels);
    EXPECT_EQ((*again)[i].scope.may, (*grants)[i].scope.may);
    EXPECT_EQ((*again)[i].scope.logs[0].Text(), (*grants)[i].scope.logs[0].Text());
  }
}

TEST(TomlGrants, ComplaintsNameLineAndField) {
  const std::string head = "\n[[grant]]\nuser = \"ann\"\n";
  EXPECT_EQ(ErrorOf(head + "logs = \"a/*\"\nmay = \"raed\"").substr(0, 20), "t.toml:5: grant: may");
  EXPECT_EQ(ErrorOf(head + "logs = \"a\"\nmay = \"read\"").substr(0, 21), "t.toml:4: grant: logs");
  EXPECT_NE(ErrorOf(head + "log = \"a/*\"")
                .find("t.toml:4: grant: unknown field 'log'; did you "
                      "mean 'logs'?"),
            std::string::npos);
  EXPECT_NE(ErrorOf(head + "logs = \"a/*\"").find("t.toml:2: grant: may is needed"),
            std::string::npos);
  EXPECT_NE(ErrorOf(head + "may = \"read\"").find("logs or labels is needed"), std::string::npos);
  EXPECT_NE(ErrorOf(head + "logs = []\nmay = \"read\"").find("t.toml:4: grant: logs must not be"),
            std::string::npos);
  EXPECT_NE(
      ErrorOf(head + "labels = \"=x\"\nmay = \"read\"").find("labels: '=x' must be NAME=VALUE"),
      std::string::npos);
  EXPECT_NE(ErrorOf(head + "labels = [\"a=1\", \"a=2\"]\nmay = \"read\"").find("'a' stands there"),
            std::string::npos);
  EXPECT_NE(ErrorOf("[[grant]]\nanyone = 1").find("t.toml:2: grant: anyone must be true or"),
            std::string::npos);
  EXPECT_NE(ErrorOf("[[grant]]\nlogs = \"*\"\nmay = \"read\"").find("user, group, anyone or"),
            std::string::npos);
  EXPECT_NE(ErrorOf("[[grant]]\nuser = 1").find("t.toml:2: grant: user must be a text"),
            std::string::npos);
  EXPECT_NE(ErrorOf("grant = 1").find("t.toml:1: grant must be tables"), std::string::npos);
}

TEST(TomlGrants, AFalseSwitchGrantsNothing) {
  EXPECT_NE(ErrorOf("[[grant]]\nanyone = false\nlogs = \"*\"\nmay = \"read\"").find("is needed"),
            std::string::npos);
}

}  // namespace
}  // namespace tailrace
