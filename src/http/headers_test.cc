#include "http/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using testing::ElementsAre;

TEST(Headers, NamesIgnoreCase) {
  Headers headers;
  EXPECT_TRUE(headers.Empty());
  headers.Add("Accept", "a");
  headers.Add("X", "");
  headers.Add("ACCEPT", "b");
  EXPECT_EQ(headers.Find("accept"), "a");
  EXPECT_EQ(headers.Find("x"), "");
  EXPECT_FALSE(headers.Has("y"));
  EXPECT_THAT(headers.All("accept"), ElementsAre("a", "b"));
  EXPECT_EQ(headers.Joined("accept"), "a, b");
  EXPECT_EQ(headers.Joined("y"), "");
  EXPECT_EQ(headers.Count("accept"), 2u);
  EXPECT_EQ(headers.At(2).name, "ACCEPT");
}

std::vector<std::string> Elements(std::string_view list) {
  std::vector<std::string> elements;
  std::string_view element;
  while (TakeListElement(list, element)) elements.emplace_back(element);
  return elements;
}

TEST(Headers, Lists) {
  EXPECT_THAT(Elements(""), ElementsAre());
  EXPECT_THAT(Elements(" , ,"), ElementsAre());
  EXPECT_THAT(Elements("a"), ElementsAre("a"));
  EXPECT_THAT(Elements(" a ,\tb;q=1,, c"), ElementsAre("a", "b;q=1", "c"));
  EXPECT_THAT(Elements(R"(a="x,y\",z", b)"), ElementsAre(R"(a="x,y\",z")", "b"));
  EXPECT_THAT(Elements(R"("open, b)"), ElementsAre(R"("open, b)"));
}

TEST(Headers, Tokens) {
  EXPECT_TRUE(IsToken("Content-Length!#$%&'*+.^_`|~09"));
  for (const std::string_view bad : {"", "a b", "a:", "\xC3\xA4", "a\t", "(", "a,b"}) {
    EXPECT_FALSE(IsToken(bad)) << bad;
  }
}

}  // namespace
}  // namespace tailrace
