#include "server/cursor_text.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(CursorText, ReadsPositionsWithAndWithoutIncarnation) {
  EXPECT_EQ(ParseCursor("0")->position, 0u);
  EXPECT_EQ(ParseCursor("42")->incarnation, "");
  const auto cursor = ParseCursor("k3v9x2.1234");
  ASSERT_TRUE(cursor);
  EXPECT_TRUE(cursor->given);
  EXPECT_EQ(cursor->incarnation, "k3v9x2");
  EXPECT_EQ(cursor->position, 1234u);
  EXPECT_FALSE(cursor->behind_end);
}

TEST(CursorText, KnowsTheEnd) {
  const auto cursor = ParseCursor("k3v9x2.1234.end");
  ASSERT_TRUE(cursor);
  EXPECT_TRUE(cursor->behind_end);
  EXPECT_EQ(cursor->position, 1234u);
}

TEST(CursorText, RefusesWhatItDidNotWrite) {
  for (const char* bad : {"", "-1", "1.", ".1", "k.", "k.x", "k.1.2", "k.1.END", "1x", "k 1.2",
                          "12.end", "k.18446744073709551616"}) {
    EXPECT_FALSE(ParseCursor(bad)) << bad;
  }
}

TEST(CursorText, AForeignLastEventIdIsACursorOfAnotherLog) {
  const CursorText cursor = ParseLastEventId("urn:uuid:1");
  EXPECT_TRUE(cursor.given);
  EXPECT_FALSE(cursor.incarnation.empty());
  EXPECT_FALSE(cursor.behind_end);
}

}  // namespace
}  // namespace tailrace
