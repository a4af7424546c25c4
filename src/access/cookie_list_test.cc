#include "access/cookie_list.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(CookieList, TheFirstOfThatName) {
  EXPECT_EQ(FindCookie("a=1; b=2; a=3", "a"), "1");
  EXPECT_EQ(FindCookie("a=1; b=2; a=3", "b"), "2");
  EXPECT_EQ(FindCookie("a=1;b=2", "b"), "2");
  EXPECT_EQ(FindCookie(" a = 1 ; b=x=y", "a"), "1");
  EXPECT_EQ(FindCookie("a=1; b=x=y", "b"), "x=y");
  EXPECT_EQ(FindCookie(R"(a="quoted"; b=")", "a"), "quoted");
  EXPECT_EQ(FindCookie(R"(a="quoted"; b=")", "b"), "\"");
}

TEST(CookieList, NoneOfThatName) {
  for (const char* cookies : {"", ";", "; ;", "a", "aa=1", "A=1", "b=a=1", "xa=1;ya=2", "=a"}) {
    EXPECT_EQ(FindCookie(cookies, "a"), "") << cookies;
  }
  EXPECT_EQ(FindCookie("a=", "a"), "");
}

}  // namespace
}  // namespace tailrace
