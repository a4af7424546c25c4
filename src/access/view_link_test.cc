#include "access/view_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tailrace {
namespace {

using testing::HasSubstr;

constexpr TimeNs kSecond = 1'000'000'000;
constexpr uint64_t kDay = 86'400;

class Settable final : public Clock {
 public:
  TimeNs Now() const override { return now; }
  TimeNs now = 1'700'000'000 * kSecond;
};

class ViewLinkTest : public testing::Test {
 protected:
  ViewLinkTest() {
    folder_ = testing::TempDir() + "tailrace-links-XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    file_ = folder_ + "/link-keys";
  }
  ~ViewLinkTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<LinkKeys> Open() {
    auto keys = LinkKeys::Open(file_, random_, clock_);
    EXPECT_TRUE(keys) << (keys ? "" : keys.error().message);
    return keys ? std::move(*keys) : nullptr;
  }

  Decision Decide(LinkKeys& keys, std::string_view cookies, Method method = Method::kGet) {
    const RequestHead head{.method = method};
    const Query query;
    Credentials credentials{head, query};
    credentials.cookies = cookies;
    return LinkAuthenticator(keys).Decide(credentials);
  }

  std::string folder_;
  std::string file_;
  SeededRandom random_{1};
  Settable clock_;
};

TEST_F(ViewLinkTest, HoldsForItsLogAndItsTime) {
  const auto keys = Open();
  const std::string token = *keys->Sign("deploy/42", 60);
  EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "_-."),
            std::string::npos);
  const auto link = keys->Check(token);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->log, "deploy/42");
  EXPECT_EQ(link->expires, clock_.now + 60 * kSecond);
  clock_.now += 60 * kSecond - 1;
  EXPECT_TRUE(keys->Check(token));
  clock_.now += 1;
  EXPECT_FALSE(keys->Check(token));
}

TEST_F(ViewLinkTest, EveryByteMatters) {
  const auto keys = Open();
  const std::string token = *keys->Sign("deploy/42", 60);
  for (size_t i = 0; i < token.size(); ++i) {
    for (const char other : {'A', 'B', '.', '-', '='}) {
      std::string wrong = token;
      wrong[i] = other;
      EXPECT_EQ(keys->Check(wrong).has_value(), wrong == token) << i << other;
    }
    EXPECT_FALSE(keys->Check(token.substr(0, i)));
  }
  for (const std::string& wrong : {token + "A", token + ".", token + "=", " " + token, token + "\n",
                                   std::string("."), std::string(), std::string(5000, 'A')}) {
    EXPECT_FALSE(keys->Check(wrong));
  }
}

TEST_F(ViewLinkTest, KeysOutliveTheProcessAndAreTheOwnersAlone) {
  const std::string token = *Open()->Sign("a/b", 60);
  EXPECT_TRUE(Open()->Check(token));
  struct stat info {};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  chmod(file_.c_str(), 0640);
  const auto open = LinkKeys::Open(file_, random_, clock_);
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message, HasSubstr("others may read it"));
}

TEST_F(ViewLinkTest, KeysChangeAndOldOnesGo) {
  const auto keys = Open();
  const std::string first = *keys->Sign("a/b", kMaxLinkSeconds);
  clock_.now += static_cast<TimeNs>(kLinkKeySeconds - 10) * kSecond;
  const std::string last = *keys->Sign("a/b", kMaxLinkSeconds);
  clock_.now += 11 * kSecond;
  const std::string next = *keys->Sign("a/b", kMaxLinkSeconds);
  EXPECT_FALSE(keys->Check(first));
  EXPECT_TRUE(keys->Check(last));
  EXPECT_NE(keys->Check(last)->key_id, keys->Check(next)->key_id);
  clock_.now += static_cast<TimeNs>(29 * kDay) * kSecond;
  EXPECT_TRUE(keys->Check(last)) << "as long as a link may hold";
  clock_.now += static_cast<TimeNs>(2 * kDay) * kSecond;
  const std::string third = *keys->Sign("a/b", 60);
  std::ifstream in(file_);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(std::ranges::count(text, '\n'), 2) << "the first is gone";
}

TEST_F(ViewLinkTest, RevokedIsRevokedForAll) {
  const auto keys = Open();
  const std::string token = *keys->Sign("a/b", 60);
  const IdentityPtr viewer = Decide(*keys, "tailrace_link=" + token).identity;
  LinkAuthenticator authenticator(*keys);
  EXPECT_TRUE(authenticator.StillProves(*viewer));
  ASSERT_TRUE(keys->Revoke());
  EXPECT_FALSE(keys->Check(token));
  EXPECT_FALSE(authenticator.StillProves(*viewer));
  EXPECT_FALSE(Open()->Check(token));
}

TEST_F(ViewLinkTest, AFileThatIsNone) {
  for (const char* text : {"nonsense\n", "id 00 5\n", "id\n", "\n"}) {
    {
      std::ofstream out(file_);
      out << text;
    }
    chmod(file_.c_str(), 0600);
    const auto open = LinkKeys::Open(file_, random_, clock_);
    ASSERT_FALSE(open) << text;
    EXPECT_THAT(open.error().message, HasSubstr("is not a file of link keys"));
  }
}

TEST_F(ViewLinkTest, MayReadOneLogAndNothingElse) {
  const auto keys = Open();
  const std::string cookie = "a=b; tailrace_link=" + *keys->Sign("deploy/42", 60);
  const Decision decision = Decide(*keys, cookie);
  ASSERT_EQ(decision.kind, Decision::Kind::kIdentity);
  const Rights rights(std::make_shared<const Policy>(), decision.identity);
  EXPECT_EQ(rights.To(Verb::kRead, "deploy", "42"), NameVerdict::kYes);
  EXPECT_EQ(rights.To(Verb::kRead, "deploy", "43"), NameVerdict::kNo);
  EXPECT_EQ(rights.To(Verb::kWrite, "deploy", "42"), NameVerdict::kNo);
  EXPECT_EQ(rights.To(Verb::kAdmin, "deploy", "42"), NameVerdict::kNo);
  EXPECT_FALSE(rights.ToAll(Verb::kRead));
  EXPECT_TRUE(decision.identity->expires.has_value());
  EXPECT_EQ(Decide(*keys, cookie, Method::kPost).kind, Decision::Kind::kNotMine);
  EXPECT_EQ(Decide(*keys, cookie + "x").kind, Decision::Kind::kNotMine);
  const Decision other = Decide(*keys, "tailrace_link=" + *keys->Sign("deploy/43", 60));
  EXPECT_FALSE(decision.identity->SameAs(*other.identity));
}

}  // namespace
}  // namespace tailrace
