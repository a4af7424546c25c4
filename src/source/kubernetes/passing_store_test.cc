#include "source/kubernetes/passing_store.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace tailrace {
namespace {

const LogKey kKey{"rollout", "shop.web.1"};
const std::string kProducer = "kubernetes";

struct PassingStoreTest : ::testing::Test {
  PassingStoreTest() {
    store.Create({.key = kKey, .labels = Labels{{"name", "web"}}, .done = [](const auto&) {}});
  }
  // Its answer, once there is one.
  std::optional<Result<AppendAnswer>>& Append(const std::string& text, uint64_t sequence,
                                              std::optional<Outcome> end = {}) {
    AppendRequest request{.key = kKey, .producer = ProducerMark{kProducer, sequence}};
    request.run.Add({.text = text});
    request.end = std::move(end);
    auto& answer = answers.emplace_back();
    request.done = [&answer](Result<AppendAnswer> said) { answer = std::move(said); };
    store.Append(std::move(request));
    return answer;
  }

  std::deque<std::optional<Result<AppendAnswer>>> answers;
  PassingStore store;
};

TEST_F(PassingStoreTest, AnAppendIsAnsweredWhenItWasShown) {
  auto& answer = Append("one", 0);
  EXPECT_FALSE(answer);
  auto passed = store.Take(0);
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->labels.at("name"), "web");
  EXPECT_EQ(passed->run.count, 1u);
  EXPECT_FALSE(answer);
  passed->done();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->position, 1u);
  EXPECT_FALSE(store.Take(0));
}

TEST_F(PassingStoreTest, AProducerIsToldItsCount) {
  auto& ahead = Append("one", UINT64_MAX / 2);
  ASSERT_TRUE(ahead && !*ahead);
  EXPECT_TRUE(ahead->error().has_expected);
  EXPECT_EQ(ahead->error().expected, 0u);
  Append("one", 0);
  EXPECT_EQ(Append("one", 0)->error().expected, 1u);
}

TEST_F(PassingStoreTest, NothingComesBehindTheEnd) {
  Append("last", 0, Outcome{.kind = OutcomeKind::kSucceeded});
  EXPECT_EQ(Append("more", 1)->error().code, ErrorCode::kConflict);
  EXPECT_EQ(store.Take(0)->end->kind, OutcomeKind::kSucceeded);
  EXPECT_TRUE(store.Stat(kKey)->HasEnded());
}

TEST_F(PassingStoreTest, ClosingAnswersWhatWaits) {
  auto& waiting = Append("one", 0);
  store.Close();
  EXPECT_TRUE(waiting && *waiting);
  EXPECT_EQ(Append("two", 1)->error().code, ErrorCode::kUnavailable);
}

TEST_F(PassingStoreTest, ALogThatIsThereStaysAsItIs) {
  std::optional<CreateRequest::Answer> answer;
  store.Create({.key = kKey,
                .labels = Labels{{"name", "other"}},
                .done = [&](const Result<CreateRequest::Answer>& said) { answer = *said; },
                .only_if_new = true});
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->created);
  EXPECT_EQ(answer->info.labels.at("name"), "web");
}

}  // namespace
}  // namespace tailrace
