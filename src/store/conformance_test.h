// What every LogStore must do, as typed tests. A store's test file includes this, defines a driver
// and instantiates StoreConformance with it:
//
//   struct Driver {
//     static constexpr bool kDurable;     // Reopen keeps everything
//     void Open(const StoreOptions&, Random&);   // an empty store at first
//     void Close();
//     LogStore& store();
//   };
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "store/log_store.h"
#include "store/store_options.h"
#include "store/testing.h"

namespace tailrace::testing {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

inline const LogKey kWeb{"deploy", "web"};
inline const LogKey kApi{"deploy", "api"};

template <typename Driver>
class StoreConformance : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.clock = &clock_;
    options_.retention.interval_s = 3600;
  }
  void TearDown() override { driver_.Close(); }

  void Open() {
    driver_.Open(options_, random_);
    store().SetCommitListener([this](std::vector<Commit> commits) {
      std::lock_guard lock(mutex_);
      for (Commit& commit : commits) commits_.push_back(std::move(commit));
    });
  }
  void Reopen() {
    driver_.Close();
    Open();
  }
  LogStore& store() { return driver_.store(); }
  std::vector<Commit> TakeCommits() {
    std::lock_guard lock(mutex_);
    return std::exchange(commits_, {});
  }

  AppendRequest FromProducer(uint64_t sequence, const std::vector<std::string>& texts) {
    AppendRequest request = MakeAppend(kWeb, texts);
    request.producer = ProducerMark{"agent-1", sequence};
    return request;
  }
  std::vector<std::string> ListIds(const ListQuery& query) {
    std::vector<std::string> ids;
    ListQuery page = query;
    do {
      const auto answer = store().List(page);
      EXPECT_TRUE(answer.has_value());
      if (!answer) break;
      for (const LogInfo& info : answer->logs) ids.push_back(info.key.id);
      page.after = answer->next;
    } while (!page.after.empty());
    return ids;
  }

  FakeClock clock_;
  SeededRandom random_{7};
  StoreOptions options_;
  Driver driver_;
  std::mutex mutex_;
  std::vector<Commit> commits_;
};

TYPED_TEST_SUITE_P(StoreConformance);

TYPED_TEST_P(StoreConformance, AppendCreatesTheLogAndGivesPositions) {
  this->Open();
  const auto first = AppendNow(this->store(), kWeb, {"a", "b"});
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->position, 2u);
  EXPECT_EQ(first->stored, 2u);
  EXPECT_GE(first->incarnation.size(), 6u);
  const auto second = AppendNow(this->store(), kWeb, {"c"});
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->position, 3u);
  EXPECT_EQ(second->incarnation, first->incarnation);
  const auto info = this->store().Stat(kWeb);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->position, 3u);
  EXPECT_EQ(info->first, 0u);
  EXPECT_EQ(info->bytes, 6u);
  EXPECT_EQ(info->created, kTestTime);
  EXPECT_EQ(info->incarnation, first->incarnation);
  EXPECT_FALSE(info->HasEnded());
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("a", "b", "c"));
}

TYPED_TEST_P(StoreConformance, UnknownLogsAreNotFound) {
  this->Open();
  EXPECT_EQ(this->store().Stat(kWeb).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().Read(kWeb, 0, 100).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().FindTextOffset(kWeb, 0).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(EndNow(this->store(), kWeb, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(RemoveNow(this->store(), kWeb).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(this->TakeCommits(), IsEmpty());
}

TYPED_TEST_P(StoreConformance, BadInputNamesTheField) {
  this->Open();
  AppendRequest request = MakeAppend(LogKey{"no/slash", "x"}, {"a"});
  EXPECT_EQ(AppendNow(this->store(), std::move(request)).error().code, ErrorCode::kInvalid);
  request = MakeAppend(kWeb, {"a"});
  request.producer = ProducerMark{"caf\xc3\xa9", 0};
  const auto producer = AppendNow(this->store(), std::move(request));
  EXPECT_EQ(producer.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(producer.error().message, HasSubstr("producer"));
  const auto title = CreateNow(this->store(), kWeb, std::string(kMaxTitleBytes + 1, 'x'));
  EXPECT_EQ(title.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(title.error().message, HasSubstr("title"));
  Outcome outcome;
  outcome.reason.assign(kMaxReasonBytes + 1, 'x');
  EXPECT_EQ(EndNow(this->store(), kWeb, outcome).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(this->store().Stat(kWeb).error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(StoreConformance, HostileTextComesBackAsItWent) {
  this->Open();
  std::vector<std::string> texts = {"", std::string("\0\r\n\r\xff\xfe", 6), "data: x\n\nid: 9",
                                    std::string(3 << 20, 'x')};
  ASSERT_TRUE(AppendNow(this->store(), kWeb, texts).has_value());
  EXPECT_EQ(*ReadAll(this->store(), kWeb), texts);
}

TYPED_TEST_P(StoreConformance, CreateIsIdempotentAndReplacesWhatIsGiven) {
  this->Open();
  const auto made = CreateNow(this->store(), kWeb, "Title", Labels{{"team", "core"}});
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(made->created);
  EXPECT_EQ(made->info.title, "Title");
  const auto again = CreateNow(this->store(), kWeb);
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->info.title, "Title");
  EXPECT_EQ(again->info.incarnation, made->info.incarnation);
  this->clock_.Advance(kSecond);
  const auto renamed = CreateNow(this->store(), kWeb, "Other");
  EXPECT_EQ(renamed->info.title, "Other");
  EXPECT_EQ(renamed->info.labels, (Labels{{"team", "core"}}));
  EXPECT_EQ(renamed->info.updated, kTestTime + kSecond);
  EXPECT_EQ(this->store().Stat(kWeb)->title, "Other");
  EXPECT_THAT(this->TakeCommits(), SizeIs(2));  // the middle one changed nothing
}

TYPED_TEST_P(StoreConformance, EmptyRunsCreateAndEnd) {
  this->Open();
  const auto made = AppendNow(this->store(), kWeb, {});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->position, 0u);
  EXPECT_THAT(this->store().Read(kWeb, 0, 100)->items, IsEmpty());
  AppendRequest request = MakeAppend(kWeb, {});
  request.end = Outcome{.kind = OutcomeKind::kFailed, .exit_code = -3, .reason = "no\nway"};
  ASSERT_TRUE(AppendNow(this->store(), request).has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->outcome, request.end);
  ASSERT_TRUE(AppendNow(this->store(), request).has_value());
  const auto commits = this->TakeCommits();
  ASSERT_THAT(commits, SizeIs(2));
  EXPECT_TRUE(commits[0].created);
  EXPECT_FALSE(commits[0].ended);
  EXPECT_TRUE(commits[1].ended);
  EXPECT_THAT(commits[1].chunks, IsEmpty());
}

TYPED_TEST_P(StoreConformance, AnEndedLogTakesNothingMore) {
  this->Open();
  AppendRequest request = MakeAppend(kWeb, {"last"});
  request.end = Outcome{};
  this->clock_.Advance(kSecond);
  ASSERT_TRUE(AppendNow(this->store(), std::move(request)).has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->ended, kTestTime + kSecond);
  EXPECT_EQ(AppendNow(this->store(), kWeb, {"more"}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(AppendNow(this->store(), kWeb, {}).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(EndNow(this->store(), kWeb, Outcome{}).has_value());
  const auto other = EndNow(this->store(), kWeb, Outcome{.kind = OutcomeKind::kFailed});
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(other.error().has_expected);
  EXPECT_TRUE(CreateNow(this->store(), kWeb, "late title").has_value());
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("last"));
}

TYPED_TEST_P(StoreConformance, ProducersMayRepeatAnything) {
  this->Open();
  const auto first = AppendNow(this->store(), this->FromProducer(0, {"a", "b"}));
  ASSERT_TRUE(first.has_value());
  const auto same = AppendNow(this->store(), this->FromProducer(0, {"a", "b"}));
  EXPECT_EQ(same->position, 2u);
  EXPECT_EQ(same->stored, 2u);
  EXPECT_EQ(same->incarnation, first->incarnation);
  const auto overlap = AppendNow(this->store(), this->FromProducer(1, {"b", "c", "d"}));
  EXPECT_EQ(overlap->position, 4u);
  EXPECT_EQ(overlap->stored, 3u);
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(this->store().Stat(kWeb)->bytes, 8u);
  // Others do not count: neither plain appends nor another producer.
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"x"}).has_value());
  const auto ahead = AppendNow(this->store(), this->FromProducer(5, {"e"}));
  EXPECT_EQ(ahead.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(ahead.error().has_expected);
  EXPECT_EQ(ahead.error().expected, 4u);
  if (TypeParam::kDurable) this->Reopen();
  EXPECT_EQ(AppendNow(this->store(), this->FromProducer(2, {"c", "d"}))->position, 5u);
  EXPECT_EQ(AppendNow(this->store(), this->FromProducer(4, {"e"}))->position, 6u);
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("a", "b", "c", "d", "x", "e"));
}

TYPED_TEST_P(StoreConformance, ASequenceAheadCreatesNothing) {
  this->Open();
  const auto ahead = AppendNow(this->store(), this->FromProducer(3, {"x"}));
  EXPECT_EQ(ahead.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(ahead.error().has_expected);
  EXPECT_EQ(ahead.error().expected, 0u);
  EXPECT_EQ(this->store().Stat(kWeb).error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(StoreConformance, RepetitionOnAnEndedLog) {
  this->Open();
  AppendRequest request = this->FromProducer(0, {"a", "b"});
  request.end = Outcome{.kind = OutcomeKind::kCancelled};
  ASSERT_TRUE(AppendNow(this->store(), request).has_value());
  if (TypeParam::kDurable) this->Reopen();
  EXPECT_EQ(AppendNow(this->store(), request)->stored, 2u);
  EXPECT_EQ(AppendNow(this->store(), this->FromProducer(1, {"b"}))->position, 2u);
  EXPECT_EQ(AppendNow(this->store(), this->FromProducer(1, {"b", "c"})).error().code,
            ErrorCode::kConflict);
  request.end = Outcome{.kind = OutcomeKind::kFailed};
  EXPECT_EQ(AppendNow(this->store(), request).error().code, ErrorCode::kConflict);
}

TYPED_TEST_P(StoreConformance, ALogHasSoManyProducers) {
  this->Open();
  std::vector<std::future<Result<AppendAnswer>>> answers;
  for (size_t i = 0; i <= kMaxProducersPerLog; ++i) {
    AppendRequest request = MakeAppend(kWeb, {"x"});
    request.producer = ProducerMark{"p" + std::to_string(i), 0};
    answers.push_back(AppendLater(this->store(), std::move(request)));
  }
  for (size_t i = 0; i < kMaxProducersPerLog; ++i) ASSERT_TRUE(answers[i].get().has_value());
  EXPECT_EQ(answers.back().get().error().code, ErrorCode::kTooLarge);
  AppendRequest known = MakeAppend(kWeb, {"x", "y"});
  known.producer = ProducerMark{"p0", 0};
  EXPECT_EQ(AppendNow(this->store(), std::move(known))->position, kMaxProducersPerLog + 1);
}

TYPED_TEST_P(StoreConformance, ARemovedLogComesBackAsAnother) {
  this->Open();
  const auto old = AppendNow(this->store(), this->FromProducer(0, {"old", "old"}));
  const uint64_t number = this->store().Stat(kWeb)->number;
  const auto removed = RemoveNow(this->store(), kWeb);
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(removed->position, 2u);
  EXPECT_EQ(this->store().Stat(kWeb).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(this->ListIds({}), IsEmpty());
  const auto fresh = AppendNow(this->store(), this->FromProducer(0, {"new"}));
  ASSERT_TRUE(fresh.has_value());
  EXPECT_NE(fresh->incarnation, old->incarnation);
  EXPECT_EQ(fresh->position, 1u);
  EXPECT_GT(this->store().Stat(kWeb)->number, number);
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("new"));
  const auto commits = this->TakeCommits();
  ASSERT_THAT(commits, SizeIs(3));
  EXPECT_EQ(commits[1].kind, Commit::Kind::kRemoved);
  EXPECT_EQ(commits[1].info->incarnation, old->incarnation);
  EXPECT_EQ(this->store().Stats().logs, 1u);
}

TYPED_TEST_P(StoreConformance, RemoveAndAppendAtOnceKeepTheirOrder) {
  this->Open();
  std::vector<std::future<Result<AppendAnswer>>> appended;
  std::vector<std::future<Result<LogInfo>>> removed;
  for (int i = 0; i < 20; ++i) {
    appended.push_back(AppendLater(this->store(), MakeAppend(kWeb, {std::to_string(i), "x"})));
    auto [done, answer] = Promise<LogInfo>();
    this->store().Remove({kWeb, std::move(done)});
    removed.push_back(std::move(answer));
  }
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"after"}).has_value());
  std::string incarnation;
  for (int i = 0; i < 20; ++i) {
    const auto answer = appended[i].get();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->position, 2u);
    EXPECT_NE(answer->incarnation, incarnation);
    incarnation = answer->incarnation;
    const auto gone = removed[i].get();
    ASSERT_TRUE(gone.has_value());
    EXPECT_EQ(gone->incarnation, incarnation);
  }
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("after"));
  for (const Commit& commit : this->TakeCommits()) {
    EXPECT_EQ(commit.kind == Commit::Kind::kRemoved, !commit.created);
  }
}

TYPED_TEST_P(StoreConformance, NumbersGrowAcrossRestarts) {
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

TYPED_TEST_P(StoreConformance, EverythingIsThereAfterReopening) {
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

TYPED_TEST_P(StoreConformance, ReadsGiveWholeBlocksAndStopAtTheLimit) {
  this->options_.block_bytes = 100;
  this->Open();
  std::vector<std::string> texts;
  for (int i = 0; i < 50; ++i)
    texts.push_back("line " + std::to_string(i) + " " + std::string(20, '.'));
  ASSERT_TRUE(AppendNow(this->store(), kWeb, texts).has_value());
  const auto all = this->store().Read(kWeb, 0, 1 << 20);
  ASSERT_TRUE(all.has_value());
  ASSERT_GT(all->items.size(), 10u);
  Position next = 0;
  uint64_t text_offset = 0;
  for (const ReadItem& item : all->items) {
    EXPECT_EQ(item.begin, next);
    ASSERT_TRUE(item.chunk);
    EXPECT_EQ(item.chunk->begin, item.begin);
    EXPECT_EQ(item.chunk->end, item.end);
    EXPECT_EQ(item.chunk->text_offset, text_offset);
    EXPECT_LE(item.chunk->encoded.size(), 100u);
    for (const auto& text : Texts(item.chunk->encoded)) text_offset += text.size() + 1;
    next = item.end;
  }
  EXPECT_EQ(next, 50u);
  const auto one = this->store().Read(kWeb, 7, 1);
  ASSERT_THAT(one->items, SizeIs(1));
  EXPECT_LE(one->items[0].begin, 7u);
  EXPECT_GT(one->items[0].end, 7u);
  EXPECT_EQ(one->info.position, 50u);
  EXPECT_THAT(this->store().Read(kWeb, 0, 0)->items, SizeIs(1));
  EXPECT_THAT(this->store().Read(kWeb, 50, 100)->items, IsEmpty());
  EXPECT_THAT(this->store().Read(kWeb, 51, 100)->items, IsEmpty());
  EXPECT_EQ(*ReadAll(this->store(), kWeb, 0, 1), texts);
  for (Position from : {3, 21, 49}) {
    const auto rest = ReadAll(this->store(), kWeb, from, 150);
    EXPECT_EQ(*rest, std::vector<std::string>(texts.begin() + from, texts.end()));
  }
}

TYPED_TEST_P(StoreConformance, TextOffsetsAreFound) {
  this->options_.block_bytes = 64;
  this->Open();
  std::vector<uint64_t> start;  // of each entry
  uint64_t total = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string text(static_cast<size_t>(i * 7 % 30), 'a');
    ASSERT_TRUE(AppendNow(this->store(), kWeb, {text}).has_value());
    start.push_back(total);
    total += text.size() + 1;
  }
  for (uint64_t offset = 0; offset < total; ++offset) {
    const auto found = this->store().FindTextOffset(kWeb, offset);
    ASSERT_TRUE(found.has_value());
    const auto block = this->store().Read(kWeb, *found, 1);
    ASSERT_THAT(block->items, SizeIs(1));
    const ReadItem& item = block->items[0];
    EXPECT_EQ(item.begin, *found);
    EXPECT_LE(start[item.begin], offset);
    EXPECT_TRUE(item.end == 60 || start[item.end] > offset) << offset;
  }
  EXPECT_EQ(*this->store().FindTextOffset(kWeb, total), 60u);
  EXPECT_EQ(*this->store().FindTextOffset(kWeb, total + 1000), 60u);
}

TYPED_TEST_P(StoreConformance, TheListIsPagedNewestFirst) {
  this->Open();
  for (int i = 0; i < 25; ++i) {
    const LogKey key{i % 2 == 0 ? "deploy" : "build", std::to_string(i)};
    ASSERT_TRUE(CreateNow(this->store(), key, "Job " + std::to_string(i),
                          Labels{{"parity", i % 2 == 0 ? "even" : "odd"}, {"n", "1"}}));
    if (i % 5 != 0) continue;
    ASSERT_TRUE(EndNow(this->store(), key, {}));
  }
  if (TypeParam::kDurable) this->Reopen();
  std::vector<std::string> all;
  for (int i = 24; i >= 0; --i) all.push_back(std::to_string(i));
  EXPECT_EQ(this->ListIds({.limit = 7}), all);
  EXPECT_EQ(this->ListIds({.limit = 25}), all);
  EXPECT_EQ(this->ListIds({}), all);
  const auto page = this->store().List({.limit = 10});
  ASSERT_THAT(page->logs, SizeIs(10));
  EXPECT_EQ(page->logs[0].title, "Job 24");
  ASSERT_TRUE(CreateNow(this->store(), LogKey{"deploy", "newer"}));  // does not move the pages
  EXPECT_EQ(this->store().List({.limit = 1, .after = page->next})->logs[0].key.id, "14");
  EXPECT_THAT(this->ListIds({.type = "build", .ended = true}), ElementsAre("15", "5"));
  EXPECT_THAT(this->ListIds({.ended = true, .labels = {{"parity", "even"}, {"n", "1"}}}),
              ElementsAre("20", "10", "0"));
  EXPECT_THAT(this->ListIds({.labels = {{"parity", "none"}}}), IsEmpty());
  EXPECT_THAT(this->ListIds({.text = "JOB 13"}), ElementsAre("13"));
  EXPECT_THAT(this->ListIds({.text = "uild/13"}), ElementsAre("13"));
  EXPECT_THAT(this->ListIds({.text = "newer", .limit = 1}), ElementsAre("newer"));
  for (const ListQuery& bad :
       {ListQuery{.limit = 0}, ListQuery{.limit = kMaxListLimit + 1}, ListQuery{.after = "x"}}) {
    EXPECT_EQ(this->store().List(bad).error().code, ErrorCode::kInvalid);
  }
}

TYPED_TEST_P(StoreConformance, TheListenerHearsEverythingOnceBeforeTheProducer) {
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

TYPED_TEST_P(StoreConformance, TooMuchWaitingIsRefused) {
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

TYPED_TEST_P(StoreConformance, ClosingAnswersWhatWasAccepted) {
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

TYPED_TEST_P(StoreConformance, AClockThatGoesBackMovesNothingBack) {
  this->Open();
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"a"}).has_value());
  this->clock_.Advance(-100 * kSecond);
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"b"}).has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->updated, kTestTime);
  ASSERT_TRUE(EndNow(this->store(), kWeb, {}).has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->ended, kTestTime);
}

TYPED_TEST_P(StoreConformance, StatsCount) {
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

TYPED_TEST_P(StoreConformance, RetentionByAgeCutsBlocksAndRemovesEndedLogs) {
  this->options_.retention.policy.max_age_s = 60;
  this->options_.retention.by_type["keep"] = {};
  this->Open();
  const LogKey kept{"keep", "1"};
  for (const LogKey& key : {kWeb, kApi, kept}) {
    ASSERT_TRUE(AppendNow(this->store(), key, {"old", "old"}).has_value());
  }
  ASSERT_TRUE(EndNow(this->store(), kApi, {}).has_value());
  this->clock_.Advance(50 * kSecond);
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"new"}).has_value());
  ASSERT_TRUE(this->store().ApplyRetention().has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->first, 0u);
  this->clock_.Advance(20 * kSecond);
  this->TakeCommits();
  ASSERT_TRUE(this->store().ApplyRetention().has_value());
  EXPECT_EQ(this->store().Stat(kApi).error().code, ErrorCode::kNotFound);
  const auto commits = this->TakeCommits();
  ASSERT_THAT(commits, SizeIs(2));
  for (const Commit& commit : commits) {
    EXPECT_EQ(commit.kind == Commit::Kind::kRemoved, commit.info->key == kApi);
  }
  for (int i = 0; i < (TypeParam::kDurable ? 2 : 1); ++i) {
    if (i > 0) this->Reopen();
    const auto info = this->store().Stat(kWeb);
    EXPECT_EQ(info->first, 2u);
    EXPECT_EQ(info->position, 3u);
    EXPECT_EQ(info->bytes, 4u);
    EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre(kRetired, kRetired, "new"));
    EXPECT_THAT(*ReadAll(this->store(), kept), ElementsAre("old", "old"));
    EXPECT_EQ(*this->store().FindTextOffset(kWeb, 3), 0u);
    EXPECT_EQ(*this->store().FindTextOffset(kWeb, 8), 2u);
    EXPECT_EQ(*this->store().FindTextOffset(kWeb, 12), 3u);
  }
  EXPECT_EQ(this->store().Stats().logs, 2u);
  // An open log may lose all its entries; its positions go on.
  this->clock_.Advance(100 * kSecond);
  ASSERT_TRUE(this->store().ApplyRetention().has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->first, 3u);
  EXPECT_EQ(this->store().Stat(kWeb)->bytes, 0u);
  if (TypeParam::kDurable) this->Reopen();
  EXPECT_EQ(AppendNow(this->store(), kWeb, {"next"})->position, 4u);
  EXPECT_THAT(*ReadAll(this->store(), kWeb, 2), ElementsAre(kRetired, "next"));
  EXPECT_EQ(this->store().Stat(kWeb)->bytes, 5u);
}

TYPED_TEST_P(StoreConformance, RetentionByBytesOfALog) {
  const uint64_t block = MakeRun({std::string(100, 'x')}).encoded.size();
  this->options_.block_bytes = block;
  this->options_.retention.policy.max_log_bytes = 3 * block;
  this->Open();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(AppendNow(this->store(), kWeb, {std::string(100, 'x')}).has_value());
  }
  ASSERT_TRUE(AppendNow(this->store(), kApi, {"small"}).has_value());
  ASSERT_TRUE(this->store().ApplyRetention().has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->first, 7u);
  EXPECT_EQ(this->store().Stat(kApi)->first, 0u);
  EXPECT_EQ(this->store().Stats().retired_entries, 7u);
  this->TakeCommits();
  ASSERT_TRUE(this->store().ApplyRetention().has_value());  // nothing left to do
  EXPECT_THAT(this->TakeCommits(), IsEmpty());
}

TYPED_TEST_P(StoreConformance, RetentionByTotalBytesTakesTheOldestFirst) {
  const uint64_t block = MakeRun({std::string(100, 'x')}).encoded.size();
  this->options_.block_bytes = block;
  this->options_.retention.max_total_bytes = 5 * block;
  this->Open();
  for (int i = 0; i < 8; ++i) {  // web 0, web 1, api 0, api 1, web 2, web 3, api 2, api 3
    const LogKey& key = i % 4 < 2 ? kWeb : kApi;
    ASSERT_TRUE(AppendNow(this->store(), key, {std::string(100, 'x')}).has_value());
    this->clock_.Advance(kSecond);
  }
  ASSERT_TRUE(this->store().ApplyRetention().has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->first, 2u);
  EXPECT_EQ(this->store().Stat(kApi)->first, 1u);
}

TYPED_TEST_P(StoreConformance, ConcurrentProducersAndReadersAgree) {
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

REGISTER_TYPED_TEST_SUITE_P(
    StoreConformance, AppendCreatesTheLogAndGivesPositions, UnknownLogsAreNotFound,
    BadInputNamesTheField, HostileTextComesBackAsItWent, CreateIsIdempotentAndReplacesWhatIsGiven,
    EmptyRunsCreateAndEnd, AnEndedLogTakesNothingMore, ProducersMayRepeatAnything,
    ASequenceAheadCreatesNothing, RepetitionOnAnEndedLog, ALogHasSoManyProducers,
    ARemovedLogComesBackAsAnother, RemoveAndAppendAtOnceKeepTheirOrder, NumbersGrowAcrossRestarts,
    EverythingIsThereAfterReopening, ReadsGiveWholeBlocksAndStopAtTheLimit, TextOffsetsAreFound,
    TheListIsPagedNewestFirst, TheListenerHearsEverythingOnceBeforeTheProducer,
    TooMuchWaitingIsRefused, ClosingAnswersWhatWasAccepted, AClockThatGoesBackMovesNothingBack,
    StatsCount, RetentionByAgeCutsBlocksAndRemovesEndedLogs, RetentionByBytesOfALog,
    RetentionByTotalBytesTakesTheOldestFirst, ConcurrentProducersAndReadersAgree);

}  // namespace tailrace::testing
