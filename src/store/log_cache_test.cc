#include "store/log_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace tailrace {
namespace {

LogState State(const std::string& id, uint64_t number) {
  LogState state;
  state.info.key = {"t", id};
  state.info.number = number;
  return state;
}

TEST(LogCache, ForgetsWhatWasNotAskedForOverAGeneration) {
  LogCache cache(8 << 10);  // four logs a generation
  for (uint64_t i = 0; i < 5; ++i) cache.Add(State(std::to_string(i), i));
  cache.Trim();
  ASSERT_NE(cache.Find({"t", "1"}), nullptr);  // asked for: it moves on
  EXPECT_EQ(cache.Find({"t", "1"})->Now().info.number, 1u);
  for (uint64_t i = 10; i < 14; ++i) cache.Add(State(std::to_string(i), i));
  cache.Trim();
  EXPECT_NE(cache.Find({"t", "1"}), nullptr);
  EXPECT_NE(cache.Find({"t", "12"}), nullptr);
  EXPECT_EQ(cache.Find({"t", "0"}), nullptr);
  EXPECT_EQ(cache.Find({"u", "1"}), nullptr);
}

TEST(LogCache, KeepsWherePointersPointWhileACommitIsUnderWay) {
  LogCache cache(0);
  CachedLog& first = cache.Add(State("first", 1));
  LogDraft draft;
  draft.state = State("first", 1);
  draft.state.info.position = 7;
  first.draft = &draft;
  for (uint64_t i = 0; i < 100; ++i) cache.Add(State(std::to_string(i), i));
  ASSERT_EQ(cache.Find({"t", "first"}), &first);
  EXPECT_EQ(first.Now().info.position, 7u);
}

TEST(LogCache, LongTitlesAndLabelsCount) {
  LogCache cache(8 << 10);
  LogState state = State("a", 1);
  state.info.title.assign(1000, 't');
  state.info.labels["name"].assign(3000, 'v');
  cache.Add(std::move(state));  // a generation of its own
  cache.Trim();
  cache.Add(State("b", 2));
  cache.Trim();  // one small log is none
  EXPECT_NE(cache.Find({"t", "a"}), nullptr);
  cache.Trim();  // now both are
  EXPECT_NE(cache.Find({"t", "b"}), nullptr);
  cache.Trim();
  EXPECT_NE(cache.Find({"t", "a"}), nullptr);
}

TEST(LogCache, Erases) {
  LogCache cache(0);
  cache.Add(State("a", 1));
  cache.Trim();
  cache.Add(State("b", 2));
  cache.Erase({"t", "a"});
  cache.Erase({"t", "b"});
  cache.Erase({"t", "c"});
  EXPECT_EQ(cache.Find({"t", "a"}), nullptr);
  EXPECT_EQ(cache.Find({"t", "b"}), nullptr);
}

}  // namespace
}  // namespace tailrace
