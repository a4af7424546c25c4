// Restarts, the listener, overload, threads, statistics: part of conformance_test.h.
#pragma once

#include "store/conformance_fixture.h"

namespace tailrace::testing {

template <typename Driver>
class StoreLife : public StoreConformance<Driver> {};
TYPED_TEST_SUITE_P(StoreLife);

TYPED_TEST_P(StoreLife, NumbersGrowAcrossRestarts) {
  if (!TypeParam::kDurable) GTEST_SKIP() << "nothing is kept";
  this->Open();
  uint64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(AppendNow(this->store(), kWeb, {"x"}).has_value());
    const uint64_t number = this->store().Stat(kWeb)->number;
    EXPECT_GT(number, last);
    last = number;
    ASSERT_TRUE(RemoveNow(this->store(), kWeb).has_value());
    this->Reopen();
  }
}

TYPED_TEST_P(StoreLife, EverythingIsThereAfterReopening) {
  if (!TypeParam::kDurable) GTEST_SKIP() << "nothing is kept";
  this->Open();
  ASSERT_TRUE(CreateNow(this->store(), kWeb, "Title", Labels{{"a", "b"}}).has_value());
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"one", "two"}).has_value());
  ASSERT_TRUE(AppendNow(this->store(), kApi, {"three"}).has_value());
  ASSERT_TRUE(EndNow(this->store(), kApi, {.kind = OutcomeKind::kLost, .reason = "gone"}));
  const auto web = this->store().Stat(kWeb);
  const auto api = this->store().Stat(kApi);
  for (int i = 0; i < 2; ++i) {
    this->Reopen();
    const auto web_now = this->store().Stat(kWeb);
    ASSERT_TRUE(web_now.has_value());
    EXPECT_EQ(web_now->incarnation, web->incarnation);
    EXPECT_EQ(web_now->number, web->number);
    EXPECT_EQ(web_now->title, "Title");
    EXPECT_EQ(web_now->labels, web->labels);
    EXPECT_EQ(web_now->position, 2u);
    EXPECT_EQ(web_now->bytes, web->bytes);
    EXPECT_EQ(web_now->created, web->created);
    EXPECT_EQ(web_now->updated, web->updated);
    const auto api_now = this->store().Stat(kApi);
    EXPECT_EQ(api_now->outcome, api->outcome);
    EXPECT_EQ(api_now->ended, api->ended);
    EXPECT_EQ(this->store().Stats().logs, 2u);
    EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("one", "two"));
  }
  EXPECT_EQ(AppendNow(this->store(), kWeb, {"four"})->position, 3u);
}

TYPED_TEST_P(StoreLife, TheListenerHearsEverythingOnceBeforeTheProducer) {
  this->Open();
  std::atomic<Position> heard{0};
  this->store().SetCommitListener([&](std::vector<Commit> commits) {
    for (const Commit& commit : commits) {
      for (const ChunkPtr& chunk : commit.chunks) {
        EXPECT_EQ(chunk->begin, heard);
        heard = chunk->end;
      }
      EXPECT_EQ(commit.info->position, heard);
      EXPECT_EQ(commit.kind, Commit::Kind::kChanged);
    }
  });
  std::vector<std::future<void>> checked;
  for (int i = 0; i < 300; ++i) {
    AppendRequest request = MakeAppend(kWeb, {"a", "b"});
    auto promise = std::make_shared<std::promise<void>>();
    checked.push_back(promise->get_future());
    request.done = [&heard, promise](Result<AppendAnswer> answer) {
      EXPECT_TRUE(answer.has_value());
      EXPECT_GE(heard, answer->position);
      promise->set_value();
    };
    this->store().Append(std::move(request));
  }
  for (auto& check : checked) check.get();
  EXPECT_EQ(heard, 600u);
}

TYPED_TEST_P(StoreLife, TooMuchWaitingIsRefused) {
  this->options_.pending_limit_bytes = 4000;
  this->Open();
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::promise<void> held;
  std::once_flag once;
  this->store().SetCommitListener([&](std::vector<Commit>) {
    std::call_once(once, [&] { held.set_value(); });
    released.wait();
  });
  // Larger than the limit: let in, since nothing else waits.
  auto first = AppendLater(this->store(), MakeAppend(kWeb, {std::string(8000, 'x')}));
  held.get_future().wait();
  std::vector<std::future<Result<AppendAnswer>>> waiting;
  std::optional<Error> refusal;
  for (int i = 0; i < 20 && !refusal; ++i) {
    auto answer = AppendLater(this->store(), MakeAppend(kWeb, {std::string(1000, 'x')}));
    if (answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
      refusal = answer.get().error();
    } else {
      waiting.push_back(std::move(answer));
    }
  }
  EXPECT_LE(this->store().Stats().pending_bytes, 4000u);
  release.set_value();
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, ErrorCode::kOverloaded);
  EXPECT_THAT(refusal->message, HasSubstr("4000"));
  EXPECT_THAT(waiting, SizeIs(3));
  ASSERT_TRUE(first.get().has_value());
  for (auto& answer : waiting) ASSERT_TRUE(answer.get().has_value());
  EXPECT_EQ(AppendNow(this->store(), kWeb, {"again"})->position, 5u);
}

TYPED_TEST_P(StoreLife, ClosingAnswersWhatWasAccepted) {
  this->Open();
  std::vector<std::future<Result<AppendAnswer>>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(AppendLater(this->store(), MakeAppend(kWeb, {std::to_string(i)})));
  }
  this->driver_.Close();
  for (Position i = 0; i < 100; ++i) {
    ASSERT_EQ(answers[i].wait_for(std::chrono::seconds(0)), std::future_status::ready);
    EXPECT_EQ(answers[i].get()->position, i + 1);
  }
  if (!TypeParam::kDurable) return;
  this->Open();
  EXPECT_EQ(this->store().Stat(kWeb)->position, 100u);
}

TYPED_TEST_P(StoreLife, AClockThatGoesBackMovesNothingBack) {
  this->Open();
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"a"}).has_value());
  this->clock_.Advance(-100 * kSecond);
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"b"}).has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->updated, kTestTime);
  ASSERT_TRUE(EndNow(this->store(), kWeb, {}).has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->ended, kTestTime);
}

TYPED_TEST_P(StoreLife, StatsCount) {
  this->Open();
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"a", "b"}).has_value());
  ASSERT_TRUE(AppendNow(this->store(), kApi, {"c"}).has_value());
  const StoreStats stats = this->store().Stats();
  EXPECT_EQ(stats.commits, 2u);
  EXPECT_EQ(stats.entries, 3u);
  EXPECT_EQ(stats.entry_bytes, MakeRun({"a", "b", "c"}).encoded.size());
  EXPECT_EQ(stats.pending_bytes, 0u);
  EXPECT_EQ(stats.pending_limit_bytes, this->options_.pending_limit_bytes);
  EXPECT_EQ(stats.logs, 2u);
  EXPECT_FALSE(stats.failed);
}

TYPED_TEST_P(StoreLife, ConcurrentProducersAndReadersAgree) {
  constexpr int kProducers = 4;
  constexpr int kRuns = 60;
  this->options_.block_bytes = 300;
  this->Open();
  std::atomic<int> running{kProducers};
  std::vector<std::thread> threads;
  for (int p = 0; p < kProducers; ++p) {
    threads.emplace_back([&, p] {
      uint64_t sent = 0;
      for (int i = 0; i < kRuns; ++i) {
        AppendRequest request;
        request.key = kWeb;
        request.producer = ProducerMark{"p" + std::to_string(p), sent};
        for (int n = 0; n <= i % 3; ++n) {
          const std::string text = std::to_string(p) + ":" + std::to_string(sent++);
          request.run.Add(Entry{.text = text});
        }
        const bool twice = i % 4 == 0;  // a lost answer
        for (int n = twice ? 0 : 1; n < 2; ++n) {
          ASSERT_TRUE(AppendNow(this->store(), request).has_value());
        }
      }
      --running;
    });
  }
  for (int r = 0; r < 2; ++r) {
    threads.emplace_back([&] {
      std::vector<std::string> seen;
      while (running > 0) {
        const auto more = ReadAll(this->store(), kWeb, seen.size(), 500);
        if (!more) continue;  // not created yet
        seen.insert(seen.end(), more->begin(), more->end());
      }
      const auto whole = ReadAll(this->store(), kWeb);
      ASSERT_LE(seen.size(), whole->size());
      EXPECT_TRUE(std::equal(seen.begin(), seen.end(), whole->begin()));
    });
  }
  for (auto& thread : threads) thread.join();
  std::map<std::string, uint64_t> next;
  const auto all = ReadAll(this->store(), kWeb);
  for (const std::string& text : *all) {
    const auto colon = text.find(':');
    EXPECT_EQ(std::to_string(next[text.substr(0, colon)]++), text.substr(colon + 1));
  }
  EXPECT_THAT(next, SizeIs(kProducers));
  for (const auto& [producer, count] : next) EXPECT_EQ(count, kRuns / 3 * 6u);
}

REGISTER_TYPED_TEST_SUITE_P(StoreLife, NumbersGrowAcrossRestarts, EverythingIsThereAfterReopening,
                            TheListenerHearsEverythingOnceBeforeTheProducer,
                            TooMuchWaitingIsRefused, ClosingAnswersWhatWasAccepted,
                            AClockThatGoesBackMovesNothingBack, StatsCount,
                            ConcurrentProducersAndReadersAgree);

}  // namespace tailrace::testing
