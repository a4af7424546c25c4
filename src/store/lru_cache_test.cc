#include "store/lru_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace tailrace {
namespace {

TEST(LruCache, ForgetsWhatWasNotUsedForLongest) {
  LruCache<std::string, int> cache(30);
  cache.Put("a", 1, 10);
  cache.Put("b", 2, 10);
  cache.Put("c", 3, 10);
  ASSERT_NE(cache.Find("a"), nullptr);
  cache.Put("d", 4, 10);
  EXPECT_EQ(cache.Find("b"), nullptr);
  EXPECT_EQ(*cache.Find("a"), 1);
  EXPECT_EQ(cache.Size(), 3u);
}

TEST(LruCache, ReplacesAndErases) {
  LruCache<std::string, int> cache(30);
  cache.Put("a", 1, 30);
  cache.Put("a", 2, 10);
  cache.Put("b", 3, 20);
  EXPECT_EQ(*cache.Find("a"), 2);
  cache.Erase("a");
  cache.Erase("a");
  EXPECT_EQ(cache.Find("a"), nullptr);
  cache.Put("huge", 4, 1000);  // the newest is always kept
  EXPECT_EQ(*cache.Find("huge"), 4);
  EXPECT_EQ(cache.Size(), 1u);
}

}  // namespace
}  // namespace tailrace
