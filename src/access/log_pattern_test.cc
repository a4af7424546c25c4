#include "access/log_pattern.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

bool Fits(std::string_view pattern, std::string_view type, std::string_view id) {
  const auto parsed = LogPattern::Parse(pattern);
  EXPECT_TRUE(parsed) << pattern;
  return parsed && parsed->Fits(type, id);
}

TEST(LogPattern, StarsStayInTheirPart) {
  EXPECT_TRUE(Fits("deploy/42", "deploy", "42"));
  EXPECT_FALSE(Fits("deploy/42", "deploy", "420"));
  EXPECT_FALSE(Fits("deploy/42", "Deploy", "42"));
  EXPECT_TRUE(Fits("deploy/*", "deploy", "42"));
  EXPECT_FALSE(Fits("deploy/*", "deployment", "42"));
  EXPECT_TRUE(Fits("*/web-*", "any", "web-"));
  EXPECT_FALSE(Fits("*/web-*", "any", "a-web-1"));
  EXPECT_TRUE(Fits("*/a*b*c", "x", "aXbYbZc"));
  EXPECT_FALSE(Fits("*/a*b*c", "x", "aXbYbZcd"));
  EXPECT_TRUE(Fits("*", "x", "y"));
  EXPECT_TRUE(Fits("**/**", "x", "y"));
}

TEST(LogPattern, ManyStarsAreNotSlow) {
  std::string pattern = "x/";
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_FALSE(Fits(pattern + "b", "x", std::string(128, 'a')));
}

TEST(LogPattern, OnlyAllIsAll) {
  EXPECT_TRUE(LogPattern::Parse("*")->FitsAll());
  EXPECT_TRUE(LogPattern::Parse("*/*")->FitsAll());
  EXPECT_FALSE(LogPattern::Parse("*/a*")->FitsAll());
  EXPECT_EQ(LogPattern::Parse("*")->Text(), "*/*");
}

TEST(LogPattern, WhatIsNone) {
  for (const char* text : {"", "/", "a", "a/", "/a", "a/b/c", "a b/c", "a/%2e", "a/b\n", "é/x"}) {
    const auto parsed = LogPattern::Parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  }
  EXPECT_FALSE(LogPattern::Parse("a/" + std::string(200, 'b')));
}

}  // namespace
}  // namespace tailrace
