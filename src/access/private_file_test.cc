#include "access/private_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "access/sessions.h"
#include "access/tokens.h"
#include "access/users.h"

namespace tailrace {
namespace {

class PrivateFileTest : public testing::Test {
 protected:
  PrivateFileTest() {
    std::string name = testing::TempDir() + "tailrace-access-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~PrivateFileTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(PrivateFileTest, IsReplacedAsAWholeAndPrivate) {
  const std::string path = folder_ + "/users";
  EXPECT_EQ(*ReadPrivateFile(path), "");
  ASSERT_TRUE(WritePrivateFile(path, "one\n"));
  ASSERT_TRUE(WritePrivateFile(path, "two\n"));
  EXPECT_EQ(*ReadPrivateFile(path), "two\n");
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(PrivateFileTest, WhatOthersMayReadIsRefused) {
  const std::string path = folder_ + "/users";
  ASSERT_TRUE(WritePrivateFile(path, "one\n"));
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  const auto read = ReadPrivateFile(path);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
  EXPECT_NE(read.error().message.find("chmod 600"), std::string::npos);
}

TEST_F(PrivateFileTest, EditsWaitForEachOther) {
  const std::string directory = folder_ + "/access";
  const std::string path = directory + "/count";
  const auto edit = [&] {
    for (int i = 0; i < 50; ++i) {
      const auto edited = EditLocked(directory, [&]() -> Result<void> {
        return WritePrivateFile(path, *ReadPrivateFile(path) + "x");
      });
      EXPECT_TRUE(edited);
    }
  };
  std::thread other(edit);
  edit();
  other.join();
  EXPECT_EQ(ReadPrivateFile(path)->size(), 100U);
}

TEST(Rows, OfAnotherKindOrShapeAreCorrupt) {
  EXPECT_TRUE(ParseRows("", "k", 2)->empty());
  EXPECT_EQ(ParseRows("k 1\na\tb\n\t\n", "k", 2)->size(), 2U);
  for (const char* text : {"x", "k 2\n", "k 1", "k 1\na\n", "k 1\na\tb\tc\n", "k 1\na\tb"}) {
    const auto rows = ParseRows(text, "k", 2);
    ASSERT_FALSE(rows) << text;
    EXPECT_EQ(rows.error().code, ErrorCode::kCorrupt);
  }
}

TEST(Rows, TimesFit) {
  EXPECT_EQ(ParseTimeField("9223372036854775807"), INT64_MAX);
  for (const char* text : {"9223372036854775808", "11885524883092216945", "-1", "", "1 "}) {
    EXPECT_FALSE(ParseTimeField(text)) << text;
  }
}

TEST(Users, AreReadAsWritten) {
  Users users;
  users["ann"] = {{"dev", "ops"}, "$argon2id$x", 17};
  users["bob@example.org"] = {{}, "$argon2id$y", 18};
  const auto again = ParseUsers(FormatUsers(users));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->size(), 2U);
  EXPECT_EQ(again->at("ann").groups, users["ann"].groups);
  EXPECT_EQ(again->at("ann").changed, 17);
  EXPECT_EQ(again->at("bob@example.org").password_hash, "$argon2id$y");
  EXPECT_FALSE(ParseUsers("tailrace-users 1\n\t\t1\tx\n"));
  EXPECT_FALSE(ParseUsers("tailrace-users 1\nann\t\tx\tx\n"));
}

TEST(Users, NamesHaveNoRoomForTricks) {
  for (const char* name : {"ann", "a", "ann.b", "ann@example.org", "9-x_y"}) {
    EXPECT_TRUE(CheckUserName(name)) << name;
  }
  for (const char* name : {"", ".ann", "a b", "a\tb", "a,b", "a\nb", "a/b", "é", "a:b"}) {
    EXPECT_FALSE(CheckUserName(name)) << name;
  }
  EXPECT_FALSE(CheckUserName(std::string(65, 'a')));
}

TEST(Tokens, AreReadAsWritten) {
  Tokens tokens;
  const Digest digest = Digest::Of("secret");
  tokens.emplace(digest.Id(), Token{"ci", digest, *ParseScope("read,write", "ci/*,a/b"), 5, 9});
  const std::string text = FormatTokens(tokens);
  EXPECT_EQ(text.find("secret"), std::string::npos);
  const auto again = ParseTokens(text);
  ASSERT_TRUE(again) << again.error().message;
  const Token& token = again->begin()->second;
  EXPECT_EQ(token.name, "ci");
  EXPECT_TRUE(SameDigest(token.digest, digest));
  EXPECT_EQ(FormatVerbs(token.scope.may), "read,write");
  EXPECT_EQ(FormatPatterns(token.scope.logs), "ci/*,a/b");
  EXPECT_EQ(token.created, 5);
  EXPECT_EQ(token.expires, 9);
}

TEST(Tokens, ScopesOfTheCommandLine) {
  EXPECT_TRUE(ParseScope("admin", "*"));
  EXPECT_FALSE(ParseScope("", "*"));
  EXPECT_FALSE(ParseScope("read", ""));
  EXPECT_FALSE(ParseScope("reed", "*"));
  EXPECT_FALSE(ParseScope("read", "a"));
  EXPECT_FALSE(ParseScope("read,",
                          "a/b,"
                          "c"));
}

TEST(TokenUse, IsReadAsWritten) {
  EXPECT_EQ(*ParseTokenUse(FormatTokenUse({{"abc", 7}})), (TokenUse{{"abc", 7}}));
}

TEST(Sessions, AreReadAsWritten) {
  UserSessions sessions;
  const Digest digest = Digest::Of("cookie");
  sessions.emplace(digest.Id(), UserSession{digest, "ann", 1, 2, 3});
  const std::string text = FormatSessions(sessions);
  EXPECT_EQ(text.find("cookie"), std::string::npos);
  const auto again = ParseSessions(text);
  ASSERT_TRUE(again) << again.error().message;
  const UserSession& session = again->begin()->second;
  EXPECT_TRUE(SameDigest(session.digest, digest));
  EXPECT_EQ(session.user, "ann");
  EXPECT_EQ(session.user_changed, 1);
  EXPECT_EQ(session.created, 2);
  EXPECT_EQ(session.used, 3);
}

}  // namespace
}  // namespace tailrace
