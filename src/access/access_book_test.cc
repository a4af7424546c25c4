#include "access/access_book.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "access/book_authenticators.h"
#include "access/password.h"
#include "access/private_file.h"

namespace tailrace {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;

class HandClock final : public Clock {
 public:
  TimeNs Now() const override { return now; }
  TimeNs now = 1'000 * kSecond;
};

class AccessBookTest : public testing::Test {
 protected:
  AccessBookTest() {
    std::string name = testing::TempDir() + "tailrace-book-XXXXXX";
    folder_ = mkdtemp(name.data());
    static const std::string kHash = *HashPassword("ann's password");
    users_["ann"] = {{"dev"}, kHash, 5};
    users_["bob"] = {{}, kHash, 5};
    Write();
    limits_ = {.session_idle_ns = 100 * kSecond,
               .session_max_ns = 1'000 * kSecond,
               .sessions = 3,
               .logins = {.burst = 3, .interval_ns = 10 * kSecond, .names = 100}};
    book_ = Open();
  }
  ~AccessBookTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<AccessBook> Open() {
    auto book = std::make_unique<AccessBook>(folder_, limits_, clock_);
    const auto loaded = book->Load([](const auto& /*changes*/) {});
    EXPECT_TRUE(loaded) << loaded.error().message;
    return book;
  }
  void Write() {
    EXPECT_TRUE(WritePrivateFile(folder_ + "/users", FormatUsers(users_)));
    EXPECT_TRUE(WritePrivateFile(folder_ + "/tokens", FormatTokens(tokens_)));
  }
  LoginResult LogIn(std::string_view user = "ann", std::string_view password = "ann's password",
                    std::string_view address = "192.0.2.1") {
    const auto result = book_->LogIn(user, password, address);
    EXPECT_TRUE(result);
    return result.value_or(LoginResult{});
  }

  std::string folder_;
  HandClock clock_;
  Users users_;
  Tokens tokens_;
  BookLimits limits_;
  std::unique_ptr<AccessBook> book_;
};

TEST_F(AccessBookTest, ALoginOpensASessionThatSurvivesARestart) {
  const LoginResult login = LogIn();
  ASSERT_FALSE(login.cookie.empty());
  EXPECT_EQ(ReadPrivateFile(folder_ + "/sessions")->find(login.cookie), std::string::npos);
  book_ = Open();
  const IdentityPtr identity = book_->FindSession(login.cookie);
  ASSERT_NE(identity, nullptr);
  EXPECT_EQ(identity->user, "ann");
  EXPECT_EQ(identity->groups, std::vector<std::string>{"dev"});
  EXPECT_EQ(identity->credential, login.session);
  EXPECT_EQ(book_->FindSession(login.cookie), identity) << "shared, not copied";
  EXPECT_EQ(book_->FindSession(login.cookie + "x"), nullptr);
  EXPECT_EQ(book_->FindSession(login.session), nullptr);
}

TEST_F(AccessBookTest, EveryLoginHasASessionOfItsOwn) {
  EXPECT_NE(LogIn().cookie, LogIn().cookie);
}

TEST_F(AccessBookTest, WrongPasswordsAndUnknownUsersAreRefused) {
  EXPECT_TRUE(LogIn("ann", "Ann's password").cookie.empty());
  EXPECT_TRUE(LogIn("eve", "ann's password").cookie.empty());
  EXPECT_TRUE(LogIn("", "").cookie.empty());
  EXPECT_EQ(book_->Stats().logins_failed, 3U);
  EXPECT_EQ(book_->Stats().sessions, 0U);
}

TEST_F(AccessBookTest, GuessingIsThrottledByUserAndByAddress) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(LogIn("ann", "wrong wrong", "192.0.2." + std::to_string(i)).retry_after_s, 0U);
  }
  EXPECT_EQ(LogIn("ann", "ann's password", "192.0.2.9").retry_after_s, 10U);
  for (const char* user : {"x", "y", "z"}) LogIn(user, "wrong wrong", "198.51.100.1");
  EXPECT_GT(LogIn("bob", "ann's password", "198.51.100.1").retry_after_s, 0U);
  EXPECT_FALSE(LogIn("bob", "ann's password", "203.0.113.1").cookie.empty());
  clock_.now += 10 * kSecond;
  EXPECT_FALSE(LogIn("ann").cookie.empty()) << "one more an interval";
  EXPECT_EQ(book_->Stats().logins_throttled, 2U);
}

TEST_F(AccessBookTest, RightPasswordsAreNotThrottled) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(LogIn().cookie.empty());
}

TEST_F(AccessBookTest, SessionsEndIdleAndAtTheLatest) {
  const LoginResult login = LogIn();
  for (int i = 0; i < 11; ++i) {
    clock_.now += 90 * kSecond;
    EXPECT_NE(book_->FindSession(login.cookie), nullptr) << i;
  }
  clock_.now += 10 * kSecond;
  EXPECT_EQ(book_->FindSession(login.cookie), nullptr) << "the absolute end";
  const LoginResult other = LogIn();
  clock_.now += 100 * kSecond;
  EXPECT_EQ(book_->FindSession(other.cookie), nullptr) << "idle";
}

TEST_F(AccessBookTest, AnOpenStreamIsUse) {
  const LoginResult login = LogIn();
  const IdentityPtr identity = book_->FindSession(login.cookie);
  for (int i = 0; i < 5; ++i) {
    clock_.now += 90 * kSecond;
    EXPECT_TRUE(book_->SessionHolds(*identity));
  }
  EXPECT_NE(book_->FindSession(login.cookie), nullptr);
  clock_.now += 1'000 * kSecond;
  EXPECT_FALSE(book_->SessionHolds(*identity));
}

TEST_F(AccessBookTest, UseIsWrittenFromTimeToTime) {
  const LoginResult login = LogIn();
  clock_.now += 90 * kSecond;
  EXPECT_NE(book_->FindSession(login.cookie), nullptr);
  ASSERT_TRUE(book_->SaveUse());
  book_ = Open();
  clock_.now += 90 * kSecond;
  EXPECT_NE(book_->FindSession(login.cookie), nullptr);
}

TEST_F(AccessBookTest, LogOutHereAndEverywhere) {
  const LoginResult one = LogIn();
  const LoginResult two = LogIn();
  const LoginResult bob = LogIn("bob");
  ASSERT_TRUE(book_->LogOut(one.session, false));
  EXPECT_EQ(book_->FindSession(one.cookie), nullptr);
  EXPECT_NE(book_->FindSession(two.cookie), nullptr);
  ASSERT_TRUE(book_->LogOut(two.session, true));
  EXPECT_NE(book_->FindSession(bob.cookie), nullptr);
  book_ = Open();
  EXPECT_EQ(book_->FindSession(two.cookie), nullptr) << "after a restart, too";
  ASSERT_TRUE(book_->LogOut("unknown", true));
}

TEST_F(AccessBookTest, SessionsOfChangedUsersAreVoid) {
  const LoginResult ann = LogIn();
  const LoginResult bob = LogIn("bob");
  const IdentityPtr identity = book_->FindSession(ann.cookie);
  users_["ann"].groups = {"ops"};
  Write();
  ASSERT_TRUE(book_->Refresh([](const auto& /*changes*/) {}));
  EXPECT_FALSE(book_->SessionHolds(*identity)) << "other groups, other rights";
  EXPECT_EQ(book_->FindSession(ann.cookie)->groups, std::vector<std::string>{"ops"});
  users_["ann"].changed = 6;
  users_.erase("bob");
  Write();
  ASSERT_TRUE(book_->Refresh([](const auto& /*changes*/) {}));
  EXPECT_EQ(book_->FindSession(ann.cookie), nullptr);
  EXPECT_EQ(book_->FindSession(bob.cookie), nullptr);
}

TEST_F(AccessBookTest, SessionsAreBounded) {
  const LoginResult first = LogIn();
  for (int i = 0; i < 3; ++i) {
    clock_.now += kSecond;
    LogIn();
  }
  EXPECT_EQ(book_->Stats().sessions, 3U);
  EXPECT_EQ(book_->FindSession(first.cookie), nullptr) << "unused for longest";
}

TEST_F(AccessBookTest, Tokens) {
  const std::string secret = std::string(kTokenPrefix) + NewSecret();
  const Digest digest = Digest::Of(secret);
  tokens_.emplace(digest.Id(),
                  Token{"ci", digest, *ParseScope("write", "ci/*"), 1, clock_.now + kSecond});
  Write();
  ASSERT_TRUE(book_->Refresh([](const auto& /*changes*/) {}));
  const IdentityPtr identity = book_->FindToken(secret);
  ASSERT_NE(identity, nullptr);
  EXPECT_TRUE(identity->scopes);
  EXPECT_TRUE(book_->TokenHolds(*identity));
  EXPECT_EQ(book_->FindToken(secret + "x"), nullptr);
  clock_.now += kSecond;
  EXPECT_EQ(book_->FindToken(secret), nullptr) << "expired";
  ASSERT_TRUE(book_->SaveUse());
  EXPECT_NE(ReadPrivateFile(folder_ + "/token-use")->find(digest.Id()), std::string::npos);
  tokens_.clear();
  Write();
  ASSERT_TRUE(book_->Refresh([](const auto& /*changes*/) {}));
  EXPECT_FALSE(book_->TokenHolds(*identity));
}

TEST_F(AccessBookTest, ABrokenFileIsNamedAndChangesNothing) {
  const LoginResult login = LogIn();
  ASSERT_TRUE(WritePrivateFile(folder_ + "/users", "nonsense"));
  const auto refreshed = book_->Refresh([](const auto& /*changes*/) {});
  ASSERT_FALSE(refreshed);
  EXPECT_NE(refreshed.error().message.find("/users: line 1"), std::string::npos);
  EXPECT_NE(book_->FindSession(login.cookie), nullptr);
}

TEST_F(AccessBookTest, Authenticators) {
  const LoginResult login = LogIn();
  SessionAuthenticator sessions(*book_);
  TokenAuthenticator tokens(*book_);
  const RequestHead head;
  const Query query;
  Credentials credentials{head, query};
  const std::string cookies = "a=b; tailrace=" + login.cookie;
  credentials.cookies = cookies;
  EXPECT_EQ(sessions.Decide(credentials).kind, Decision::Kind::kIdentity);
  credentials.secure = true;
  EXPECT_EQ(sessions.Decide(credentials).kind, Decision::Kind::kNotMine)
      << "under TLS a cookie that came without is nobody's";
  credentials.authorization = "Bearer tailrace_wrong";
  EXPECT_EQ(tokens.Decide(credentials).kind, Decision::Kind::kRefused);
  credentials.authorization = "Bearer eyJ0";
  EXPECT_EQ(tokens.Decide(credentials).kind, Decision::Kind::kNotMine);
  credentials.authorization = "Basic tailrace_wrong";
  EXPECT_EQ(tokens.Decide(credentials).kind, Decision::Kind::kNotMine);
  EXPECT_EQ(BearerOf("bEaReR  x "), "x");
  EXPECT_EQ(BearerOf("Bearer"), "");
}

}  // namespace
}  // namespace tailrace
