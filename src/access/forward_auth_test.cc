#include "access/forward_auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/group_list.h"

namespace tailrace {
namespace {

using testing::ElementsAre;
using Kind = Decision::Kind;

// The other server: what it is asked stands in `asked` until the test answers it.
class Portal final : public HttpFetcher {
 public:
  struct Question {
    FetchRequest request;
    Done done;
  };
  explicit Portal(std::vector<Question>& asked) : asked_(asked) {}
  void Fetch(FetchRequest request, Done done) override {
    asked_.push_back({std::move(request), std::move(done)});
  }

 private:
  std::vector<Question>& asked_;
};

FetchReply Yes(std::string_view user, std::string_view groups = "") {
  FetchReply reply{.status = 200};
  reply.headers.Add("Remote-User", user);
  if (!groups.empty()) reply.headers.Add("Remote-Groups", groups);
  return reply;
}

class ForwardAuthTest : public testing::Test {
 protected:
  void SetUp() override { Start({.url = "http://portal/check"}); }

  void Start(const ForwardAuthConfig& config) {
    asked_.clear();
    auto made =
        ForwardAuth::Make(config, std::make_unique<Portal>(asked_), [this] { return now_ms_; });
    ASSERT_TRUE(made) << made.error().message;
    auth_ = std::move(*made);
  }

  // As a request with these two fields.
  Decision Decide(std::string_view cookies, std::string_view authorization = "") {
    const Credentials credentials = Make(cookies, authorization);
    return auth_->Decide(credentials);
  }
  void Ask(std::string_view cookies, std::string_view authorization = "") {
    auth_->Ask(
        Make(cookies, authorization), [](std::move_only_function<void()> task) { task(); },
        [this](Decision decision) { heard_.push_back(std::move(decision)); });
  }
  void Answer(FetchReply reply, size_t index = 0) {
    Portal::Question question = std::move(asked_.at(index));
    asked_.erase(asked_.begin() + static_cast<ptrdiff_t>(index));
    question.done(std::move(reply));
  }
  IdentityPtr LogIn(std::string_view cookies, std::string_view user) {
    Ask(cookies);
    Answer(Yes(user));
    return Decide(cookies).identity;
  }

  Credentials Make(std::string_view cookies, std::string_view authorization) {
    Credentials credentials{head_, query_};
    credentials.cookies = cookies;
    credentials.authorization = authorization;
    credentials.client_address = "192.0.2.7";
    credentials.secure = true;
    return credentials;
  }

  RequestHead head_{.method = Method::kPost, .path = "/a/b", .query = "c=d", .host = "logs.test"};
  Query query_;
  uint64_t now_ms_ = 1'000'000;
  std::vector<Portal::Question> asked_;
  std::vector<Decision> heard_;
  std::unique_ptr<ForwardAuth> auth_;
};

TEST_F(ForwardAuthTest, WhoShowsNothingIsNotAskedAbout) {
  EXPECT_EQ(Decide("").kind, Kind::kNotMine);
}

TEST_F(ForwardAuthTest, TheQuestionHasTheCredentialAndWhereItWasShown) {
  Ask("sessionid=abc", "Basic xyz");
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].request.url, "http://portal/check");
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(
      asked_[0].request.headers,
      ElementsAre(Field("Cookie", "sessionid=abc"), Field("Authorization", "Basic xyz"),
                  Field("X-Original-Method", "POST"), Field("X-Original-URI", "/a/b?c=d"),
                  Field("X-Forwarded-For", "192.0.2.7"), Field("X-Forwarded-Proto", "https"),
                  Field("X-Forwarded-Host", "logs.test")));
}

TEST_F(ForwardAuthTest, AYesIsAnIdentityAndIsRemembered) {
  EXPECT_EQ(Decide("s=1").kind, Kind::kMustAsk);
  Ask("s=1");
  Answer(Yes("joe", "ops, dev,, ops"));
  ASSERT_EQ(heard_.size(), 1u);
  ASSERT_EQ(heard_[0].kind, Kind::kIdentity);
  EXPECT_EQ(heard_[0].identity->user, "joe");
  EXPECT_THAT(heard_[0].identity->groups, ElementsAre("dev", "ops"));
  EXPECT_EQ(heard_[0].identity->proof, Proof::kForwardAuth);
  EXPECT_EQ(heard_[0].identity->credential.find("s=1"), std::string::npos) << "no secret";
  EXPECT_EQ(Decide("s=1").identity->user, "joe");
  EXPECT_EQ(Decide("s=2").kind, Kind::kMustAsk);
  EXPECT_EQ(Decide("s=1", "Basic x").kind, Kind::kMustAsk) << "another credential";
  now_ms_ += ForwardAuthConfig().cache_ms - 1;
  EXPECT_EQ(Decide("s=1").kind, Kind::kIdentity);
  now_ms_ += 1;
  EXPECT_EQ(Decide("s=1").kind, Kind::kMustAsk) << "for cache_ms only";
}

TEST_F(ForwardAuthTest, OneQuestionForAllWhoWaitForIt) {
  for (int i = 0; i < 100; ++i) Ask("s=1");
  Ask("s=2");
  ASSERT_EQ(asked_.size(), 2u);
  Answer(Yes("joe"));
  EXPECT_EQ(heard_.size(), 100u);
  Answer(Yes("ann"));
  EXPECT_EQ(heard_.back().identity->user, "ann");
}

TEST_F(ForwardAuthTest, NobodySignedInIsAnyone) {
  for (const int status : {401, 301, 302, 303, 307}) {
    const std::string cookie = "s=" + std::to_string(status);
    Ask(cookie);
    Answer({.status = status});
    EXPECT_EQ(heard_.back().kind, Kind::kNotMine) << status;
    EXPECT_EQ(Decide(cookie).kind, Kind::kNotMine) << "remembered";
  }
  Ask("s=1");
  Answer({.status = 403});
  EXPECT_EQ(heard_.back().kind, Kind::kRefused);
  EXPECT_EQ(heard_.back().refusal.status, 403);
}

TEST_F(ForwardAuthTest, WhatCannotBeBelievedIsNoAnswer) {
  FetchReply twice = Yes("joe");
  twice.headers.Add("remote-user", "root");
  std::string many = "g0";
  for (size_t i = 1; i <= kMaxGroups; ++i) many += ",g" + std::to_string(i);
  const std::vector<FetchReply> replies = {
      {.status = 0, .error = "Timeout"}, {.status = 500}, {.status = 404}, {.status = 101}, twice,
      Yes(std::string(257, 'x')),        Yes("a\x01"),    Yes("\xff"),     Yes("joe", many)};
  for (size_t i = 0; i < replies.size(); ++i) {
    Ask("s=" + std::to_string(i));
    Answer(replies[i]);
    EXPECT_EQ(heard_.back().kind, Kind::kRefused) << i;
    EXPECT_EQ(heard_.back().refusal.status, 503) << i;
  }
  EXPECT_EQ(auth_->Stats().failed, replies.size());
}

TEST_F(ForwardAuthTest, WhileItIsDownItIsAskedOnceARetryTime) {
  Ask("s=1");
  Answer({});
  EXPECT_EQ(Decide("s=1").refusal.status, 503);
  now_ms_ += 1'000;
  EXPECT_EQ(Decide("s=1").kind, Kind::kMustAsk);
}

TEST_F(ForwardAuthTest, WhoWasLetInStaysSoForAGraceTime) {
  const IdentityPtr joe = LogIn("s=1", "joe");
  now_ms_ += 10'000;
  EXPECT_EQ(Decide("s=1").kind, Kind::kMustAsk);
  Ask("s=1");
  Answer({});
  EXPECT_EQ(heard_.back().kind, Kind::kIdentity);
  EXPECT_TRUE(auth_->StillProves(*joe));
  now_ms_ += 20'000;
  EXPECT_FALSE(auth_->StillProves(*joe));
  Ask("s=1");
  while (!asked_.empty()) Answer({});
  EXPECT_EQ(heard_.back().refusal.status, 503);
}

TEST_F(ForwardAuthTest, AnOpenStreamIsAskedAboutWhenItsTimeIsOver) {
  const uint64_t cache_ms = ForwardAuthConfig().cache_ms;
  const IdentityPtr joe = LogIn("s=1", "joe");
  now_ms_ += cache_ms - 1;
  EXPECT_TRUE(auth_->StillProves(*joe));
  EXPECT_TRUE(asked_.empty());
  now_ms_ += 1;
  EXPECT_TRUE(auth_->StillProves(*joe));
  EXPECT_TRUE(auth_->StillProves(*joe));
  ASSERT_EQ(asked_.size(), 1u);
  now_ms_ += 700;
  EXPECT_TRUE(auth_->StillProves(*joe)) << "while it is asked about";
  Answer(Yes("joe"));
  now_ms_ += cache_ms - 700;  // an answer is as old as its question
  EXPECT_TRUE(auth_->StillProves(*joe));
  Answer({.status = 401});
  EXPECT_FALSE(auth_->StillProves(*joe)) << "logged out at the portal";
  EXPECT_EQ(Decide("s=1").kind, Kind::kNotMine);
}

TEST_F(ForwardAuthTest, WithoutGraceWhoCannotBeAskedAboutIsOut) {
  Start({.url = "http://portal/check", .grace_ms = 0});
  const IdentityPtr joe = LogIn("s=1", "joe");
  now_ms_ += ForwardAuthConfig().cache_ms;
  EXPECT_TRUE(auth_->StillProves(*joe));
  Answer({.status = 0, .error = "Timeout"});
  EXPECT_FALSE(auth_->StillProves(*joe));
}

TEST_F(ForwardAuthTest, WhoIsSomebodyElseNowHasAnotherIdentity) {
  const IdentityPtr joe = LogIn("s=1", "joe");
  now_ms_ += 6'000;
  EXPECT_TRUE(auth_->StillProves(*joe));
  Answer(Yes("joe", "admins"));
  EXPECT_FALSE(auth_->StillProves(*joe));
}

TEST_F(ForwardAuthTest, OnlyTheCookiesThatCount) {
  Start({.url = "http://portal/check", .cookies = {"sessionid"}});
  EXPECT_EQ(Decide("theme=dark; other_sessionid=1").kind, Kind::kNotMine);
  Ask("theme=dark;sessionid=abc; x=1");
  EXPECT_EQ(asked_.at(0).request.headers.at(0).second, "sessionid=abc");
  Answer(Yes("joe"));
  EXPECT_EQ(Decide("sessionid=abc; theme=light").kind, Kind::kIdentity);
}

TEST_F(ForwardAuthTest, OurOwnCookiesAreNotPassedOn) {
  EXPECT_EQ(Decide("tailrace=s; __Host-tailrace=s;tailrace_link=l; ").kind, Kind::kNotMine);
  Ask("tailrace=s; sessionid=abc; tailrace_link=l; x=1");
  EXPECT_EQ(asked_.at(0).request.headers.at(0).second, "sessionid=abc; x=1");
}

TEST_F(ForwardAuthTest, TheTableIsBoundedAndKeepsWhatIsUsed) {
  Start({.url = "http://portal/check", .cache_entries = 3});
  const IdentityPtr joe = LogIn("s=joe", "joe");
  for (int i = 0; i < 50; ++i) {
    LogIn("s=" + std::to_string(i), "x");
    EXPECT_TRUE(auth_->StillProves(*joe));
  }
  EXPECT_EQ(auth_->Stats().entries, 3u);
  EXPECT_EQ(Decide("s=1").kind, Kind::kMustAsk);
  for (int i = 0; i < 5; ++i) Ask("t=" + std::to_string(i));
  while (!asked_.empty()) Answer(Yes("y"));
  EXPECT_FALSE(auth_->StillProves(*joe));
}

TEST_F(ForwardAuthTest, ALongCredentialIsRefusedUnasked) {
  EXPECT_EQ(Decide(std::string(kMaxForwardedCredentialBytes + 1, 'a')).refusal.status, 401);
}

TEST_F(ForwardAuthTest, AUriThatCouldBreakTheQuestionIsNotPassedOn) {
  head_.query = std::string(kMaxForwardedUriBytes, 'q');
  Ask("s=1");
  EXPECT_EQ(asked_.at(0).request.headers.at(2).second, "/");
}

TEST(ForwardAuth, RefusesSettingsThatCannotWork) {
  std::vector<Portal::Question> asked;
  const auto make = [&](const ForwardAuthConfig& config) {
    return ForwardAuth::Make(config, std::make_unique<Portal>(asked), [] { return uint64_t{1}; });
  };
  EXPECT_FALSE(make({.url = "portal/check"}));
  EXPECT_FALSE(make({.url = "file:///etc/passwd"}));
  EXPECT_FALSE(make({.url = "http://portal", .user_header = "Remote User"}));
}

}  // namespace
}  // namespace tailrace
