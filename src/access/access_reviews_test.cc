#include "access/access_reviews.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/identity.h"

namespace tailrace {
namespace {

using testing::ElementsAre;
using enum ReviewVerdict;

const LabelMap kWeb = {{"cluster", "prod"}, {"namespace", "shop"}, {"uid", "1"}, {"name", "web"}};

Identity Joe(std::vector<std::string> groups = {}) {
  return {.user = "joe", .groups = std::move(groups), .proof = Proof::kSession};
}

ReviewQuestion About(std::string user, std::string namespace_name = "shop") {
  return {.cluster = "prod",
          .namespace_name = std::move(namespace_name),
          .user = std::move(user),
          .groups = {}};
}

TEST(QuestionAboutTest, ALogThatNoRolloutMadeIsNotAskedAbout) {
  EXPECT_FALSE(QuestionAbout({}, Joe(), {}));
  for (const char* name : {"cluster", "namespace", "uid"}) {
    LabelMap labels = kWeb;
    labels.erase(name);
    EXPECT_FALSE(QuestionAbout({}, Joe(), labels)) << name;
  }
}

TEST(QuestionAboutTest, UserAndGroupsGetTheirPrefixes) {
  const AccessReviewConfig config{.user_prefix = "oidc:", .groups_prefix = "team/"};
  const auto question = QuestionAbout(config, Joe({"dev", "ops"}), kWeb);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->cluster, "prod");
  EXPECT_EQ(question->namespace_name, "shop");
  EXPECT_EQ(question->user, "oidc:joe");
  EXPECT_THAT(question->groups, ElementsAre("team/dev", "team/ops", "system:authenticated"));
}

TEST(QuestionAboutTest, WhoHasNoNameIsAnonymous) {
  for (const Identity& nobody : {*Anyone(), Identity{.groups = {"g"}, .proof = Proof::kToken}}) {
    const auto question = QuestionAbout({.user_prefix = "oidc:"}, nobody, kWeb);
    ASSERT_TRUE(question);
    EXPECT_EQ(question->user, "system:anonymous");
    EXPECT_THAT(question->groups, ElementsAre("system:unauthenticated"));
  }
}

TEST(QuestionAboutTest, NobodyTakesANameOfKubernetesOwn) {
  Identity admin = Joe({"system:masters", "dev"});
  EXPECT_THAT(QuestionAbout({}, admin, kWeb)->groups, ElementsAre("dev", "system:authenticated"));
  admin.user = "system:admin";
  EXPECT_EQ(QuestionAbout({}, admin, kWeb)->user, "system:anonymous");
  EXPECT_THAT(QuestionAbout({}, admin, kWeb)->groups, ElementsAre("system:unauthenticated"));
  admin.user = "m:admin";
  EXPECT_EQ(QuestionAbout({.user_prefix = "syste"}, admin, kWeb)->user, "system:anonymous")
      << "nor by its prefix";
  EXPECT_EQ(QuestionAbout({.user_prefix = "x"}, admin, kWeb)->user, "xm:admin");
}

TEST(ReviewQuestionTest, OnlyEqualQuestionsHaveTheSameKey) {
  ReviewQuestion one{.cluster = "a", .namespace_name = "b", .user = "c", .groups = {"d", "e"}};
  ReviewQuestion other = one;
  EXPECT_EQ(one.Key(), other.Key());
  other.groups = {"d", "e", ""};
  EXPECT_NE(one.Key(), other.Key());
  other.groups = {"d1:e"};
  EXPECT_NE(one.Key(), other.Key());
  other = {.cluster = "a", .namespace_name = "", .user = "bc", .groups = {"d", "e"}};
  EXPECT_NE(one.Key(), other.Key());
}

// The cluster answers when the test says so.
class AccessReviewsTest : public testing::Test {
 protected:
  struct Asked {
    ReviewQuestion question;
    AccessReviews::Answered answered;
  };

  void Start(const AccessReviewConfig& config) {
    reviews_ = std::make_unique<AccessReviews>(
        config,
        [this](const ReviewQuestion& question, AccessReviews::Answered answered) {
          asked_.push_back({question, std::move(answered)});
        },
        [this] { return now_ms_; });
  }
  void SetUp() override { Start(config_); }

  void Ask(const ReviewQuestion& question) {
    reviews_->Ask(
        question, [](std::move_only_function<void()> task) { task(); },
        [this](ReviewVerdict verdict) { heard_.push_back(verdict); });
  }
  void Answer(ReviewAnswer answer) {
    Asked asked = std::move(asked_.front());
    asked_.erase(asked_.begin());
    asked.answered(answer);
  }
  void Learn(const ReviewQuestion& question, ReviewAnswer answer) {
    Ask(question);
    Answer(answer);
  }

  const AccessReviewConfig config_;
  uint64_t now_ms_ = 1'000'000;
  std::vector<Asked> asked_;
  std::vector<ReviewVerdict> heard_;
  std::unique_ptr<AccessReviews> reviews_;
};

TEST_F(AccessReviewsTest, AYesAndANoAreBelievedForTheirTime) {
  Start({.allow_ms = 3'000, .deny_ms = 500});
  EXPECT_EQ(reviews_->Known(About("joe")), kNotKnown);
  Ask(About("joe"));
  Ask(About("eve"));
  now_ms_ += 100;
  Answer(ReviewAnswer::kAllowed);
  Answer(ReviewAnswer::kDenied);
  EXPECT_THAT(heard_, ElementsAre(kAllowed, kDenied));
  now_ms_ += 399;
  EXPECT_EQ(reviews_->Known(About("joe")), kAllowed);
  EXPECT_EQ(reviews_->Known(About("eve")), kDenied);
  EXPECT_EQ(reviews_->Known(About("joe", "bank")), kNotKnown) << "another namespace";
  now_ms_ += 1;
  EXPECT_EQ(reviews_->Known(About("eve")), kNotKnown) << "since it was asked, not answered";
  now_ms_ += 2'499;
  EXPECT_EQ(reviews_->Known(About("joe")), kAllowed);
  now_ms_ += 1;
  EXPECT_EQ(reviews_->Known(About("joe")), kNotKnown);
}

TEST_F(AccessReviewsTest, ManyWhoAskTheSameAreOneQuestion) {
  for (int i = 0; i < 10; ++i) Ask(About("joe"));
  EXPECT_EQ(asked_.size(), 1u);
  Answer(ReviewAnswer::kAllowed);
  EXPECT_EQ(heard_, std::vector<ReviewVerdict>(10, kAllowed));
  EXPECT_EQ(reviews_->Stats().allowed, 1u);
  EXPECT_EQ(reviews_->Stats().asking, 0u);
}

TEST_F(AccessReviewsTest, AYesLivesOnForItsGraceAndThenNobodySeesAnything) {
  Learn(About("joe"), ReviewAnswer::kAllowed);
  now_ms_ += config_.allow_ms;
  EXPECT_EQ(reviews_->Watch(About("joe")), kNotKnown) << "while it is asked again";
  ASSERT_EQ(asked_.size(), 1u);
  Answer(ReviewAnswer::kNone);
  EXPECT_EQ(reviews_->Known(About("joe")), kAllowed);
  EXPECT_EQ(reviews_->Watch(About("joe")), kAllowed);
  EXPECT_TRUE(asked_.empty()) << "not before retry_ms";
  now_ms_ += config_.retry_ms;
  EXPECT_EQ(reviews_->Known(About("joe")), kNotKnown);
  Learn(About("joe"), ReviewAnswer::kNone);
  EXPECT_EQ(heard_.back(), kAllowed);
  now_ms_ = 1'000'000 + config_.grace_ms;
  EXPECT_EQ(reviews_->Watch(About("joe")), kUnavailable);
  Answer(ReviewAnswer::kNone);
  EXPECT_EQ(reviews_->Known(About("joe")), kUnavailable);
  EXPECT_EQ(reviews_->Stats().failed, 3u);
  now_ms_ += config_.retry_ms;
  EXPECT_EQ(reviews_->Watch(About("joe")), kUnavailable);
  Answer(ReviewAnswer::kAllowed);
  EXPECT_EQ(reviews_->Watch(About("joe")), kAllowed) << "it is there again";
}

TEST_F(AccessReviewsTest, ANoHasNoGrace) {
  Learn(About("joe"), ReviewAnswer::kDenied);
  now_ms_ += config_.deny_ms;
  Learn(About("joe"), ReviewAnswer::kNone);
  EXPECT_THAT(heard_, ElementsAre(kDenied, kUnavailable));
  Learn(About("eve"), ReviewAnswer::kNone);
  EXPECT_EQ(heard_.back(), kUnavailable) << "nor has what was never known";
}

TEST_F(AccessReviewsTest, WhoWatchesHearsOfARightThatWasTakenAway) {
  EXPECT_EQ(reviews_->Watch(About("joe")), kNotKnown);
  EXPECT_EQ(reviews_->Watch(About("joe")), kNotKnown);
  ASSERT_EQ(asked_.size(), 1u);
  Answer(ReviewAnswer::kAllowed);
  now_ms_ += config_.allow_ms - 1;
  EXPECT_EQ(reviews_->Watch(About("joe")), kAllowed);
  EXPECT_TRUE(asked_.empty());
  now_ms_ += 1;
  EXPECT_EQ(reviews_->Watch(About("joe")), kNotKnown) << "an old answer says nothing to a new one";
  ASSERT_EQ(asked_.size(), 1u);
  Answer(ReviewAnswer::kDenied);
  EXPECT_EQ(reviews_->Watch(About("joe")), kDenied);
}

TEST_F(AccessReviewsTest, WhoWasLetInJustNowMayBegin) {
  Learn(About("joe"), ReviewAnswer::kAllowed);
  now_ms_ += config_.allow_ms + config_.timeout_ms / 2 - 1;
  EXPECT_EQ(reviews_->BeginToWatch(About("joe")), kAllowed);
  EXPECT_EQ(asked_.size(), 1u) << "and it is asked";
  now_ms_ += 1;
  EXPECT_EQ(reviews_->BeginToWatch(About("joe")), kNotKnown);
  Answer(ReviewAnswer::kDenied);
  now_ms_ += config_.deny_ms;
  EXPECT_EQ(reviews_->BeginToWatch(About("joe")), kNotKnown) << "only a yes";
}

TEST_F(AccessReviewsTest, MoreQuestionsThanAreAskedAtATimeWaitForTheirTurn) {
  Start({.concurrent = 2});
  for (const char* user : {"a", "b", "c", "d"}) Ask(About(user));
  EXPECT_EQ(asked_.size(), 2u);
  EXPECT_EQ(reviews_->Stats().waiting, 2u);
  Answer(ReviewAnswer::kAllowed);
  ASSERT_EQ(asked_.size(), 2u);
  EXPECT_EQ(asked_[1].question.user, "c");
  Answer(ReviewAnswer::kNone);
  Answer(ReviewAnswer::kDenied);
  Answer(ReviewAnswer::kAllowed);
  EXPECT_THAT(heard_, ElementsAre(kAllowed, kUnavailable, kDenied, kAllowed));
  EXPECT_EQ(reviews_->Stats().asking, 0u);
  EXPECT_EQ(reviews_->Stats().waiting, 0u);
}

TEST_F(AccessReviewsTest, TheAnswerUsedLongestAgoGoes) {
  Start({.cache_entries = 2});
  Learn(About("a"), ReviewAnswer::kAllowed);
  Learn(About("b"), ReviewAnswer::kAllowed);
  EXPECT_EQ(reviews_->Known(About("a")), kAllowed);
  Learn(About("c"), ReviewAnswer::kAllowed);
  EXPECT_EQ(reviews_->Known(About("b")), kNotKnown);
  EXPECT_EQ(reviews_->Known(About("a")), kAllowed);
  EXPECT_EQ(reviews_->Stats().entries, 2u);
}

TEST_F(AccessReviewsTest, ATableFullOfOpenQuestionsTakesNoMore) {
  Start({.cache_entries = 2});
  Ask(About("a"));
  Ask(About("b"));
  Ask(About("c"));
  EXPECT_THAT(heard_, ElementsAre(kUnavailable));
  EXPECT_EQ(reviews_->Watch(About("d")), kUnavailable);
  EXPECT_EQ(reviews_->Stats().entries, 2u);
  Answer(ReviewAnswer::kAllowed);
  Learn(About("b"), ReviewAnswer::kAllowed);
  EXPECT_EQ(reviews_->Watch(About("d")), kNotKnown);
}

}  // namespace
}  // namespace tailrace
