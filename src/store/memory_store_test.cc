#include "store/memory_store.h"

#include "store/conformance_test.h"

namespace tailrace::testing {
namespace {

/// Tests keep their own Random; the store's must be its own.
class BorrowedRandom final : public Random {
 public:
  explicit BorrowedRandom(Random& random) : random_(random) {}
  uint64_t Next() override { return random_.Next(); }

 private:
  Random& random_;
};

struct MemoryDriver {
  static constexpr bool kDurable = false;
  void Open(const StoreOptions& options, Random& random) {
    memory = std::make_unique<MemoryStore>(options, std::make_unique<BorrowedRandom>(random));
  }
  void Close() { memory.reset(); }
  LogStore& store() { return *memory; }

  std::unique_ptr<MemoryStore> memory;
};

TAILRACE_STORE_TESTS(Memory, MemoryDriver);

TEST(MemoryStore, WhatWaitsIsOneCommit) {
  MemoryStore store;
  std::vector<size_t> sizes;
  store.SetCommitListener([&](std::vector<Commit> commits) { sizes.push_back(commits.size()); });
  store.Pause();
  std::vector<std::future<Result<AppendAnswer>>> answers;
  for (int i = 0; i < 10; ++i) {
    answers.push_back(AppendLater(store, MakeAppend(i % 2 == 0 ? kWeb : kApi, {"x"})));
  }
  store.Resume();
  for (auto& answer : answers) ASSERT_TRUE(answer.get().has_value());
  EXPECT_THAT(sizes, ElementsAre(2));
  EXPECT_THAT(store.Read(kWeb, 0, 1)->items, SizeIs(1));
}

TEST(MemoryStore, AfterAFailedWriteOnlyReadersGoOn) {
  MemoryStore store;
  ASSERT_TRUE(AppendNow(store, kWeb, {"a"}).has_value());
  store.FailWrites("no space left");
  EXPECT_EQ(AppendNow(store, kWeb, {"b"}).error().code, ErrorCode::kUnavailable);
  store.FailWrites("");
  EXPECT_EQ(AppendNow(store, kWeb, {"b"}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(EndNow(store, kWeb, {}).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(store.Stats().failed);
  EXPECT_EQ(store.Stats().failure, "no space left");
  EXPECT_THAT(*ReadAll(store, kWeb), ElementsAre("a"));
}

TEST(MemoryStore, DamageIsAGap) {
  MemoryStore store;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(AppendNow(store, kWeb, {std::to_string(i)}).has_value());
  store.Damage(kWeb, 1);
  store.Damage(kWeb, 2);
  EXPECT_THAT(*ReadAll(store, kWeb), ElementsAre("0", kDamaged, kDamaged, "3"));
  EXPECT_THAT(store.Read(kWeb, 0, 1000)->items, SizeIs(3));
  EXPECT_GT(store.Stats().damaged_reads, 0u);
}

}  // namespace
}  // namespace tailrace::testing
