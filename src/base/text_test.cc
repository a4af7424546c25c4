#include "base/text.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

std::string Valid(std::string_view text) {
  std::string out;
  AppendValidUtf8(out, text);
  return out;
}

std::string Json(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

TEST(Text, WellFormedUtf8StaysAsItIs) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBB\xBF\0z";
  EXPECT_EQ(Valid(text), text);
}

// The examples of the Unicode Standard, table 3-8 and 3-11: one U+FFFD per maximal subpart.
TEST(Text, IllFormedUtf8BecomesOneReplacementPerMaximalSubpart) {
  EXPECT_EQ(Valid("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
            "b\xEF\xBF\xBD"
            "c\xEF\xBF\xBD\xEF\xBF\xBD"
            "d");
  EXPECT_EQ(Valid("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x41");
}

TEST(Text, OverlongSurrogatesAndTooLargeAreIllFormed) {
  EXPECT_EQ(Valid("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(Valid("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(Valid("\xF4\x90\x80\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Text, JsonStringsEscapeWhatJsonAndSseNeed) {
  EXPECT_EQ(Json(std::string_view("a\"\\\n\r\t\b\f\0\x1f\x7f", 11)),
            "\"a\\\"\\\\\\n\\r\\t\\b\\f\\u0000\\u001f\\u007f\"");
  EXPECT_EQ(Json("\xE2\x80\xA8\xFF"), "\"\xE2\x80\xA8\xEF\xBF\xBD\"");
}

TEST(Text, DecimalsAreDigitsOnly) {
  EXPECT_EQ(ParseDecimal("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", "+1", "-1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(ParseDecimal(bad)) << bad;
  }
}

TEST(Text, EditDistanceCountsEdits) {
  EXPECT_EQ(EditDistance("listen", "listen"), 0u);
  EXPECT_EQ(EditDistance("lisetn", "listen"), 1u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
}

}  // namespace
}  // namespace tailrace
