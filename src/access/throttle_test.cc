#include "access/throttle.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;

TEST(Throttle, ABurstAndThenOneAnInterval) {
  Throttle throttle({.burst = 3, .interval_ns = 10 * kSecond, .names = 10});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.Take("a", 0));
  EXPECT_EQ(throttle.Take("a", 0), 10U);
  EXPECT_EQ(throttle.Take("a", 4 * kSecond), 6U);
  EXPECT_FALSE(throttle.Take("b", 0)) << "each name for itself";
  EXPECT_FALSE(throttle.Take("a", 10 * kSecond));
  EXPECT_EQ(throttle.Take("a", 10 * kSecond), 10U);
}

TEST(Throttle, WhatIsGivenBackWasNoTry) {
  Throttle throttle({.burst = 1, .interval_ns = kSecond, .names = 10});
  EXPECT_FALSE(throttle.Take("a", 0));
  throttle.GiveBack("a");
  EXPECT_FALSE(throttle.Take("a", 0));
  EXPECT_TRUE(throttle.Take("a", 0));
  throttle.GiveBack("unknown");
}

TEST(Throttle, AClockThatGoesBackOpensNothing) {
  Throttle throttle({.burst = 1, .interval_ns = kSecond, .names = 10});
  EXPECT_FALSE(throttle.Take("a", 100 * kSecond));
  EXPECT_TRUE(throttle.Take("a", 0));
}

TEST(Throttle, NamesAreBounded) {
  Throttle throttle({.burst = 1, .interval_ns = 1'000 * kSecond, .names = 100});
  EXPECT_FALSE(throttle.Take("first", 0));
  for (int i = 1; i < 1'000; ++i) EXPECT_FALSE(throttle.Take(std::to_string(i), i));
  EXPECT_EQ(throttle.Size(), 100U);
  EXPECT_TRUE(throttle.Take("999", 1'000)) << "the newest are remembered";
}

}  // namespace
}  // namespace tailrace
