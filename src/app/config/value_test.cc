#include "app/config/value.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(Value, ReadsDurations) {
  EXPECT_EQ(ParseDurationMs("250ms").value(), 250u);
  EXPECT_EQ(ParseDurationMs("10s").value(), 10'000u);
  EXPECT_EQ(ParseDurationMs("30d").value(), 30u * 86'400'000u);
  EXPECT_EQ(ParseDurationMs("0").value(), 0u);
  for (const char* bad : {"", "10", "s", "1.5s", "-1s", "10 parsecs", "99999999999999999999s",
                          "18446744073709551615s"}) {
    EXPECT_FALSE(ParseDurationMs(bad)) << bad;
  }
  EXPECT_NE(ParseDurationMs("10").error().message.find("as in 10s"), std::string::npos);
}

TEST(Value, ReadsSizes) {
  EXPECT_EQ(ParseBytes("512").value(), 512u);
  EXPECT_EQ(ParseBytes("1MiB").value(), 1u << 20);
  EXPECT_EQ(ParseBytes("10kB").value(), 10'000u);
  EXPECT_EQ(ParseBytes("2 GiB").value(), 2ULL << 30);
  for (const char* bad : {"", "MiB", "1M", "1.5MiB", "-1", "99999999TiB"}) {
    EXPECT_FALSE(ParseBytes(bad)) << bad;
  }
}

TEST(Value, WhatIsFormattedReadsBackTheSame) {
  for (uint64_t value = 0; value < 5'000'000'000'000; value = value * 3 + 7) {
    EXPECT_EQ(ParseDurationMs(FormatDurationMs(value)).value(), value);
    EXPECT_EQ(ParseBytes(FormatBytes(value)).value(), value);
  }
  EXPECT_EQ(FormatBytes(1 << 20), "1MiB");
  EXPECT_EQ(FormatBytes(1500), "1500B");
  EXPECT_EQ(FormatDurationMs(15'000), "15s");
  EXPECT_EQ(FormatDurationMs(86'400'000), "1d");
  EXPECT_EQ(FormatDurationMs(0), "0ms");
}

TEST(Value, ReadsSwitches) {
  EXPECT_TRUE(ParseBool("yes").value());
  EXPECT_FALSE(ParseBool("off").value());
  EXPECT_FALSE(ParseBool("maybe"));
}

}  // namespace
}  // namespace tailrace
