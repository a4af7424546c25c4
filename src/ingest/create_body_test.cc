#include "ingest/create_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::Pair;

struct BadCase {
  std::string body;
  std::string field;
  std::string message;
};

TEST(CreateBody, Good) {
  for (const std::string_view body : {"", " \n", "{}"}) {
    const Result<CreateBody> create = ParseCreateBody(body);
    ASSERT_TRUE(create);
    EXPECT_FALSE(create->title);
    EXPECT_FALSE(create->labels);
  }
  const Result<CreateBody> create =
      ParseCreateBody(R"({"labels":{"b":"2","a":""},"title":"Deploy 42"})");
  ASSERT_TRUE(create);
  EXPECT_EQ(create->title, "Deploy 42");
  EXPECT_THAT(*create->labels, ElementsAre(Pair("a", ""), Pair("b", "2")));
}

TEST(CreateBody, Bad) {
  std::string many;
  for (size_t i = 0; i <= kMaxLabels; ++i)
    many += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"\"";
  const BadCase cases[] = {
      {R"({"title":5})", "title", "field \"title\" is an integer, not a string"},
      {R"({"titel":"x"})", "titel", "field \"titel\" is not known; did you mean \"title\"?"},
      {R"({"labels":["a"]})", "labels", "field \"labels\" is an array, not an object"},
      {R"({"labels":{"a":1}})", "labels.a", "field \"labels.a\" is an integer, not a string"},
      {R"({"labels":{"a":"1","a":"1"}})", "labels.a", "field \"labels.a\" comes twice"},
      {R"({"labels":{"":"1"}})", "labels",
       "field \"labels\" has a name that is empty or longer than 1024 bytes"},
      {R"({"labels":{)" + many + "}}", "labels", "field \"labels\" has more than 64 labels"},
      {R"({"title":")" + std::string(kMaxTitleBytes + 1, 'x') + "\"}", "title",
       "field \"title\" is longer than 1024 bytes"},
      {R"({"title":"x"} x)", "", "the body is not JSON"},
  };
  for (const BadCase& bad : cases) {
    const Result<CreateBody> create = ParseCreateBody(bad.body);
    ASSERT_FALSE(create) << bad.body;
    EXPECT_EQ(create.error().field, bad.field) << bad.body;
    EXPECT_EQ(create.error().message, bad.message) << bad.body;
  }
}

}  // namespace
}  // namespace tailrace
