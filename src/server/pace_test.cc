#include "server/pace.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

constexpr uint64_t kSilenceMs = 10'000;
constexpr uint64_t kRate = 100;

TEST(PaceTest, SilenceHasItsLimit) {
  Pace pace;
  pace.Begin(5'000);
  EXPECT_EQ(pace.AllowanceMs(5'000, kSilenceMs, kRate), kSilenceMs);
  EXPECT_EQ(pace.AllowanceMs(9'000, kSilenceMs, kRate), 6'000U);
  EXPECT_EQ(pace.AllowanceMs(15'000, kSilenceMs, kRate), 0U);
  EXPECT_EQ(pace.AllowanceMs(99'000, kSilenceMs, kRate), 0U);
}

TEST(PaceTest, AFastOneHasTheWholeSilenceAgainEachTime) {
  Pace pace;
  pace.Begin(0);
  for (uint64_t now_ms = 0; now_ms < 1'000'000; now_ms += 9'000) {
    EXPECT_EQ(pace.AllowanceMs(now_ms, kSilenceMs, kRate), kSilenceMs) << now_ms;
    pace.Add(9 * kRate);
  }
}

TEST(PaceTest, AByteASecondIsNotEnough) {
  Pace pace;
  pace.Begin(0);
  uint64_t now_ms = 0;
  while (pace.AllowanceMs(now_ms, kSilenceMs, kRate) > 1'000) {
    now_ms += 1'000;
    pace.Add(1);
  }
  EXPECT_GE(now_ms, kSilenceMs - 1'000);
  EXPECT_LE(now_ms, kSilenceMs);
}

TEST(PaceTest, BeginsAnew) {
  Pace pace;
  pace.Begin(0);
  pace.Add(kRate);
  EXPECT_EQ(pace.AllowanceMs(10'500, kSilenceMs, kRate), 500U);
  pace.Begin(10'500);
  EXPECT_EQ(pace.AllowanceMs(10'500, kSilenceMs, kRate), kSilenceMs);
  EXPECT_EQ(pace.AllowanceMs(20'000, kSilenceMs, kRate), 500U);
}

TEST(PaceTest, NoRateAtAll) {
  Pace pace;
  pace.Begin(0);
  EXPECT_EQ(pace.AllowanceMs(1'000'000, kSilenceMs, 0), kSilenceMs);
}

}  // namespace
}  // namespace tailrace
