#include "http/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Request, MethodsComeBack) {
  for (const Method method : {Method::kGet, Method::kHead, Method::kPost, Method::kPut,
                              Method::kPatch, Method::kDelete, Method::kOptions}) {
    EXPECT_EQ(ParseMethod(MethodName(method)), method);
  }
  EXPECT_FALSE(ParseMethod("get"));
  EXPECT_FALSE(ParseMethod(""));
}

TEST(Request, PercentDecoding) {
  std::string out;
  EXPECT_TRUE(PercentDecode("a%2Fb%2f+%00", false, out));
  EXPECT_EQ(out, std::string("a/b/+\0", 6));
  EXPECT_TRUE(PercentDecode("a+b%2B", true, out));
  EXPECT_EQ(out, "a b+");
  for (const std::string_view bad : {"%", "%1", "a%", "%g0", "%0g", "%%20", "% 1", "%+1"}) {
    EXPECT_FALSE(PercentDecode(bad, false, out)) << bad;
  }
}

TEST(Request, Queries) {
  const Result<Query> query = ParseQuery("a=1&b=x+y%26&&a=2&flag&=v&c=d=e");
  ASSERT_TRUE(query);
  EXPECT_THAT(query->Items(), ElementsAre(Pair("a", "1"), Pair("b", "x y&"), Pair("a", "2"),
                                          Pair("flag", ""), Pair("", "v"), Pair("c", "d=e")));
  EXPECT_EQ(query->Find("a"), "1");
  EXPECT_THAT(query->All("a"), ElementsAre("1", "2"));
  EXPECT_EQ(query->Find("flag"), "");
  EXPECT_FALSE(query->Find("A"));
  EXPECT_TRUE(ParseQuery("")->Items().empty());
}

TEST(Request, BadQueries) {
  const Result<Query> value = ParseQuery("ok=1&from=%x");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(value.error().field, "from");
  EXPECT_FALSE(ParseQuery("%=1"));
  std::string many;
  for (size_t i = 0; i < kMaxQueryParameters; ++i) many += "a&";
  EXPECT_TRUE(ParseQuery(many));
  EXPECT_EQ(ParseQuery(many + "a").error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace tailrace
