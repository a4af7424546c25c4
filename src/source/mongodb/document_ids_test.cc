#include "source/mongodb/document_ids.h"

#include <gtest/gtest.h>

#include "source/mongodb/document.h"
#include "store/memory_store.h"
#include "store/testing.h"

namespace tailrace {
namespace {

using namespace tailrace::testing;

const LogKey kLog{"deploy", "1"};

std::string FieldsOf(int number) {
  return "{\"_id\":" + std::to_string(number) + "}";
}

uint64_t HashOf(int number) {
  return *HashDocumentId(FieldsOf(number));
}

void Append(LogStore& store, int begin, int end) {
  AppendRequest request{.key = kLog};
  for (int number = begin; number < end; ++number) {
    const std::string fields = FieldsOf(number);
    request.run.Add({.time = kTestTime, .text = "x", .fields = fields});
  }
  ASSERT_TRUE(AppendNow(store, std::move(request)));
}

TEST(RecentIds, ForgetsTheOldest) {
  RecentIds recent;
  for (uint64_t hash = 0; hash <= RecentIds::kCapacity; ++hash) recent.Add(hash);
  EXPECT_FALSE(recent.Contains(0));
  EXPECT_TRUE(recent.Contains(1));
  EXPECT_TRUE(recent.Contains(RecentIds::kCapacity));
}

TEST(RecentIds, LoadsTheEndOfALog) {
  MemoryStore store;
  Append(store, 0, 5'000);
  ASSERT_TRUE(AppendNow(store, kLog, {"of another producer"}));
  const auto recent = LoadRecentIds(store, *store.Stat(kLog));
  ASSERT_TRUE(recent);
  EXPECT_TRUE(recent->Contains(HashOf(4'999)));
  EXPECT_TRUE(recent->Contains(HashOf(1'000)));
  EXPECT_FALSE(recent->Contains(HashOf(5'000)));
}

TEST(SeenDocuments, AreKnownUntilForgotten) {
  SeenDocuments seen;
  EXPECT_TRUE(seen.Add(1, 100));
  EXPECT_TRUE(seen.Add(2, 90));
  EXPECT_FALSE(seen.Add(1, 100));
  seen.Forget(95);
  EXPECT_TRUE(seen.Add(2, 90));
  EXPECT_FALSE(seen.Add(1, 100));
  EXPECT_EQ(seen.floor(), 95);
  seen.Forget(50);
  EXPECT_EQ(seen.floor(), 95) << "what was forgotten stays so";
}

TEST(SeenDocuments, AreBounded) {
  SeenDocuments seen;
  for (uint64_t hash = 0; hash < SeenDocuments::kMax + 10; ++hash) {
    seen.Add(hash, static_cast<int64_t>(hash / 1'000));
  }
  seen.Forget(0);
  EXPECT_EQ(seen.floor(), 1);
  EXPECT_TRUE(seen.Add(0, 0));
}

TEST(StoredIds, KnowsAllOfALog) {
  MemoryStore store;
  Append(store, 0, 3'000);
  const LogInfo info = *store.Stat(kLog);
  auto stored = StoredIds::Load(store, &info);
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->Take(HashOf(0), 0));
  EXPECT_TRUE(stored->Take(HashOf(2'999), 0));
  EXPECT_FALSE(stored->Take(HashOf(3'000), 0));
}

TEST(StoredIds, OfNoLogAreNone) {
  MemoryStore store;
  auto stored = StoredIds::Load(store, nullptr);
  ASSERT_TRUE(stored);
  EXPECT_FALSE(stored->Take(HashOf(0), 0));
}

TEST(StoredIds, WhatRetentionHasCutIsNotNew) {
  FakeClock clock;
  StoreOptions options{.block_bytes = 1'024, .clock = &clock};
  options.retention.policy.max_age_s = 10;
  MemoryStore store(options);
  Append(store, 0, 1'000);
  clock.Advance(60 * kSecond);
  Append(store, 1'000, 1'010);
  ASSERT_TRUE(store.ApplyRetention());
  const LogInfo info = *store.Stat(kLog);
  ASSERT_GT(info.first, 0u);
  auto stored = StoredIds::Load(store, &info);
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->Take(HashOf(0), kTestTime)) << "was cut";
  EXPECT_TRUE(stored->Take(HashOf(1'005), kTestTime)) << "is stored";
  EXPECT_FALSE(stored->Take(HashOf(0), kTestTime)) << "behind one that is stored";
}

}  // namespace
}  // namespace tailrace
