#include "base/time.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(Time, FormatsUtcWithNineDigits) {
  EXPECT_EQ(FormatRfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(FormatRfc3339(1'700'000'000'123'456'789), "2023-11-14T22:13:20.123456789Z");
  EXPECT_EQ(FormatRfc3339(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(Time, ReadsWhatItWrites) {
  for (const TimeNs time : {TimeNs{0}, TimeNs{-1}, TimeNs{1'700'000'000'123'456'789}}) {
    EXPECT_EQ(ParseRfc3339(FormatRfc3339(time)), time);
  }
}

TEST(Time, ReadsOffsetsFractionsAndLowerCase) {
  EXPECT_EQ(ParseRfc3339("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(ParseRfc3339("1969-12-31t23:30:00.5-00:30"), 500'000'000);
  EXPECT_EQ(ParseRfc3339("1970-01-01 00:00:00.0000000019z"), 1);
  EXPECT_EQ(ParseRfc3339("1972-06-30T23:59:60Z"), ParseRfc3339("1972-07-01T00:00:00Z"));
}

TEST(Time, RefusesWhatIsNoDate) {
  for (const char* bad : {"", "1970-01-01", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z",
                          "1970-02-30T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:00:00.Z",
                          "1970-01-01T00:00:00Zx", "9999-01-01T00:00:00Z", "1970-1-01T00:00:00Z"}) {
    EXPECT_FALSE(ParseRfc3339(bad)) << bad;
  }
}

}  // namespace
}  // namespace tailrace
