// Reading, the list, retention: part of conformance_test.h.
#pragma once

#include "store/conformance_fixture.h"

namespace tailrace::testing {

template <typename Driver>
class StoreReads : public StoreConformance<Driver> {};
TYPED_TEST_SUITE_P(StoreReads);

TYPED_TEST_P(StoreReads, ReadsGiveWholeBlocksAndStopAtTheLimit) {
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
    EXPECT_EQ(item.text_end, text_offset);
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

TYPED_TEST_P(StoreReads, TextOffsetsAreFound) {
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

TYPED_TEST_P(StoreReads, TheListIsPagedNewestFirst) {
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

TYPED_TEST_P(StoreReads, RetentionByAgeCutsBlocksAndRemovesEndedLogs) {
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

TYPED_TEST_P(StoreReads, RetentionByBytesOfALog) {
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

TYPED_TEST_P(StoreReads, RetentionByTotalBytesTakesTheOldestFirst) {
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

TYPED_TEST_P(StoreReads, RetentionLeavesWhatIsBehindTheMemoOfAnOpenLog) {
  this->options_.block_bytes = 64;
  this->options_.retention.policy.max_log_bytes = 1;
  this->Open();
  uint64_t sent = 0;
  const auto append = [this, &sent](std::optional<std::string> memo) {
    AppendRequest request = this->FromProducer(sent, {std::string(60, 'x')});
    request.memo = std::move(memo);
    ASSERT_TRUE(AppendNow(this->store(), std::move(request)).has_value());
    ++sent;
  };
  EXPECT_EQ(this->store().ReadMemo(kWeb).error().code, ErrorCode::kNotFound);
  append(std::nullopt);
  EXPECT_FALSE(this->store().ReadMemo(kWeb).value());
  append("one");
  append(std::nullopt);
  append(std::string("tw\0", 3));
  for (int n = 0; n < 5; ++n) append(std::nullopt);
  if (TypeParam::kDurable) this->Reopen();
  const std::optional<Memo> memo = this->store().ReadMemo(kWeb).value();
  ASSERT_TRUE(memo);
  EXPECT_EQ(memo->at, 4);
  EXPECT_EQ(memo->bytes, std::string("tw\0", 3));
  ASSERT_TRUE(this->store().ApplyRetention().has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->first, 4);
  append("three");
  ASSERT_TRUE(this->store().ApplyRetention().has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->first, 10);
  append(std::nullopt);
  ASSERT_TRUE(EndNow(this->store(), kWeb, Outcome{}).has_value());
  ASSERT_TRUE(this->store().ApplyRetention().has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->first, 11);
  ASSERT_TRUE(RemoveNow(this->store(), kWeb).has_value());
  sent = 0;
  append(std::nullopt);
  EXPECT_FALSE(this->store().ReadMemo(kWeb).value());
}

TYPED_TEST_P(StoreReads, AMemoIsAProducers) {
  this->Open();
  AppendRequest request = MakeAppend(kWeb, {"x"});
  request.memo = "m";
  EXPECT_EQ(AppendNow(this->store(), std::move(request)).error().code, ErrorCode::kInvalid);
  request = this->FromProducer(0, {"x"});
  request.memo = std::string(kMaxMemoBytes + 1, 'm');
  EXPECT_EQ(AppendNow(this->store(), std::move(request)).error().code, ErrorCode::kTooLarge);
}

REGISTER_TYPED_TEST_SUITE_P(StoreReads, ReadsGiveWholeBlocksAndStopAtTheLimit, TextOffsetsAreFound,
                            TheListIsPagedNewestFirst, RetentionByAgeCutsBlocksAndRemovesEndedLogs,
                            RetentionByBytesOfALog, RetentionByTotalBytesTakesTheOldestFirst,
                            RetentionLeavesWhatIsBehindTheMemoOfAnOpenLog, AMemoIsAProducers);

}  // namespace tailrace::testing
