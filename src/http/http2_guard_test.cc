#include "http/http2_guard.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(Http2GuardTest, TakesABurstAndFillsUpWithTime) {
  Http2Guard guard(30);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(guard.Take(0)) << i;
  EXPECT_FALSE(guard.Take(0));
  EXPECT_FALSE(guard.Take(999));
  EXPECT_TRUE(guard.Take(1000));  // one a second
  EXPECT_FALSE(guard.Take(1000));
  int taken = 0;
  while (guard.Take(1000 + Http2Guard::kRefillMs)) ++taken;
  EXPECT_EQ(taken, 30);
}

TEST(Http2GuardTest, DoesNotLoseTimeToFrequentLooks) {
  Http2Guard guard(30);
  while (guard.Take(0)) {
  }
  int taken = 0;
  for (uint64_t now_ms = 0; now_ms <= 10'000; now_ms += 7) taken += guard.Take(now_ms) ? 1 : 0;
  EXPECT_GE(taken, 9);
  EXPECT_LE(taken, 10);
}

TEST(Http2GuardTest, GetsBackWhatWeCausedButNoMore) {
  Http2Guard guard(10);
  guard.Give(100);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(guard.Take(0));
  EXPECT_FALSE(guard.Take(0));
  guard.Give(2);
  EXPECT_TRUE(guard.Take(0, 2));
  EXPECT_FALSE(guard.Take(0));
}

TEST(Http2GuardTest, NamesAreForLabels) {
  EXPECT_STREQ(Http2AbuseName(Http2Abuse::kResets), "resets");
  EXPECT_STREQ(Http2AbuseName(Http2Abuse::kSlowHead), "slow_head");
}

}  // namespace
}  // namespace tailrace
