#include "search/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<const Pattern> Make(std::string_view text, PatternOptions options = {}) {
  auto pattern = Pattern::Compile(text, options);
  EXPECT_TRUE(pattern) << pattern.error().message;
  return pattern ? std::move(*pattern) : nullptr;
}

std::string ErrorOf(std::string_view text, PatternOptions options = {.regex = true}) {
  const auto pattern = Pattern::Compile(text, options);
  if (pattern) return "";
  EXPECT_EQ(pattern.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(pattern.error().field, "q");
  return pattern.error().message;
}

TEST(Pattern, ATextIsFoundAsItStands) {
  const auto pattern = Make("a.b(", {.match_case = true});
  EXPECT_TRUE(pattern->IsText());
  EXPECT_TRUE(pattern->Matches("xa.b(y"));
  EXPECT_FALSE(pattern->Matches("axb("));
  EXPECT_FALSE(pattern->Matches("A.b("));
  EXPECT_EQ(pattern->Find("xa.b(a.b(", 2), (Pattern::Span{5, 9}));
  EXPECT_EQ(pattern->FindInBytes("\xFF\xFE"
                                 "a.b(",
                                 0),
            2u);
  EXPECT_EQ(pattern->FindInBytes("a.b", 0), std::string_view::npos);
  EXPECT_EQ(pattern->FindInBytes("a.b(", 5), std::string_view::npos);
}

TEST(Pattern, CaseIsFoldedUnlessItIsAskedFor) {
  EXPECT_TRUE(Make("error")->Matches("an ERROR"));
  EXPECT_TRUE(Make("ERROR")->Matches("an error"));
  EXPECT_TRUE(Make("stra\xC3\x9F\x65")->Matches("STRA\xE1\xBA\x9E\x45"));  // sharp s, capital
  EXPECT_TRUE(Make("\xC3\xA4")->Matches("\xC3\x84"));                      // umlauts
  EXPECT_EQ(Make("Error")->FindInBytes("\xFF\x80 eRRor", 0), 3u);
  EXPECT_FALSE(Make("error", {.match_case = true})->Matches("ERROR"));
  EXPECT_TRUE(Make("err.r", {.regex = true})->Matches("ERROR"));
  EXPECT_FALSE(Make("err.r", {.regex = true, .match_case = true})->Matches("ERROR"));
}

TEST(Pattern, RegularExpressions) {
  const auto pattern = Make("^(\\w+)=(\\d+)$", {.regex = true});
  EXPECT_FALSE(pattern->IsText());
  EXPECT_TRUE(pattern->Matches("a=1"));
  EXPECT_FALSE(pattern->Matches(" a=1"));
  EXPECT_EQ(Make("b+|^c", {.regex = true})->Find("cabbc", 1), (Pattern::Span{2, 4}));
  EXPECT_EQ(Make("^c", {.regex = true})->Find("cc", 1), std::nullopt);  // ^ is the text's begin
  EXPECT_EQ(Make("x*", {.regex = true})->Find("ab", 2), (Pattern::Span{2, 2}));
  EXPECT_TRUE(Make("plain", {.regex = true})->IsText());
}

TEST(Pattern, WhatIsNoneIsRefusedWithTheReason) {
  EXPECT_THAT(ErrorOf("(a"), HasSubstr("missing"));
  EXPECT_THAT(ErrorOf("a**"), HasSubstr("RE2"));
  EXPECT_THAT(ErrorOf("(?=a)b"), HasSubstr("RE2"));
  EXPECT_THAT(ErrorOf("(a)\\1"), HasSubstr("RE2"));
  EXPECT_THAT(ErrorOf("a{1001}"), HasSubstr("RE2"));
  EXPECT_EQ(ErrorOf("(a", {}), "");  // as a text it is one
  EXPECT_THAT(ErrorOf("\xFF"), HasSubstr("UTF-8"));
  EXPECT_THAT(ErrorOf("\xFF", {}), HasSubstr("UTF-8"));
}

TEST(Pattern, WhatIsTooLargeIsRefused) {
  EXPECT_EQ(ErrorOf(std::string(kMaxPatternBytes, 'a'), {}), "");
  EXPECT_THAT(ErrorOf(std::string(kMaxPatternBytes + 1, 'a'), {}), HasSubstr("1024 bytes"));
  EXPECT_THAT(ErrorOf("((a{100}){100}){100}"), HasSubstr("RE2"));
  EXPECT_THAT(ErrorOf("(\\pL\\pN){20}x"), HasSubstr("too large"));
  EXPECT_EQ(ErrorOf("[a-z]{500}", {.regex = true, .match_case = true}), "");
  EXPECT_EQ(ErrorOf("\\w+@[\\w.]+ \\d{1,3}(ms|s)\\b"), "");
}

// Ever more states: RE2's memory is spent and it goes on without, still in linear time.
TEST(Pattern, OneWithTooManyStatesStillFinds) {
  const auto pattern = Make("(a|b)*a(a|b){100}c", {.regex = true});
  std::string text;
  uint32_t bits = 1;
  for (int i = 0; i < 20'000; ++i) {
    bits = bits * 1'664'525 + 1'013'904'223;
    text.push_back((bits >> 24 & 1) == 0 ? 'a' : 'b');
  }
  EXPECT_FALSE(pattern->Matches(text));
  EXPECT_TRUE(pattern->Matches("a" + std::string(100, 'b') + "c" + text));
}

}  // namespace
}  // namespace tailrace
