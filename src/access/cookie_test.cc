#include "access/cookie.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(Cookie, IsFoundAmongOthers) {
  EXPECT_EQ(FindOnlyCookie("a=1; b=2;c=3", "a"), "1");
  EXPECT_EQ(FindOnlyCookie("a=1; b=2;c=3", "b"), "2");
  EXPECT_EQ(FindOnlyCookie("a=1; b=2;c=3", "c"), "3");
  EXPECT_EQ(FindOnlyCookie(" a = x=y ", "a"), "x=y");
  EXPECT_EQ(FindOnlyCookie("a=", "a"), "");
  EXPECT_FALSE(FindOnlyCookie("aa=1; A=1; =1; a; ;;", "a"));
  EXPECT_FALSE(FindOnlyCookie("", "a"));
}

TEST(Cookie, TwoDifferentOnesOfANameAreNone) {
  EXPECT_FALSE(FindOnlyCookie("a=1; b=2; a=3", "a"));
  EXPECT_EQ(FindOnlyCookie("a=1; b=2; a=1", "a"), "1");
}

TEST(Cookie, OfTheSession) {
  EXPECT_EQ(SessionCookie(true, "x", 60),
            "__Host-tailrace=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
  EXPECT_EQ(SessionCookie(false, "x", 60),
            "tailrace=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
  EXPECT_EQ(SessionCookie(false, "", 60), "tailrace=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

}  // namespace
}  // namespace tailrace
