#include "rollout/error_line.h"

#include <gtest/gtest.h>

#include <string>

namespace tailrace {
namespace {

TEST(ErrorLineTest, ComplaintsOfPrograms) {
  for (const char* const line :
       {"Error: no such table", "2026-11-23 ERROR pool: refused", "level=error msg=x",
        "panic: runtime error", "FATAL: password authentication failed",
        "java.lang.NullPointerException: x", "Traceback (most recent call last):"}) {
    EXPECT_TRUE(LooksLikeError(line)) << line;
  }
}

TEST(ErrorLineTest, OtherLines) {
  for (const char* const line : {"", "listening on 8080", "terror", "mirrored", "unfatally"}) {
    EXPECT_FALSE(LooksLikeError(line)) << line;
  }
}

TEST(ErrorLineTest, OnlyTheFrontOfALongLineCounts) {
  EXPECT_TRUE(LooksLikeError(std::string(kErrorLineBytes - 6, ' ') + "error"));
  EXPECT_FALSE(LooksLikeError(std::string(kErrorLineBytes, ' ') + "error"));
}

}  // namespace
}  // namespace tailrace
