#include "ingest/small_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/create_body.h"
#include "ingest/outcome_body.h"

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(OutcomeBody, Good) {
  EXPECT_EQ(*ParseOutcomeBody(R"({"outcome":"succeeded"})"), Outcome{});
  EXPECT_EQ(*ParseOutcomeBody(R"({"reason":"r","exit_code":-3,"outcome":"failed"})"),
            (Outcome{OutcomeKind::kFailed, -3, "r"}));
  EXPECT_EQ(*ParseOutcomeBody(R"( {"outcome":"lost","exit_code":null,"reason":null} )"),
            (Outcome{OutcomeKind::kLost, {}, ""}));
}

struct BadCase {
  std::string body;
  std::string field;
  std::string message;
};

TEST(OutcomeBody, Bad) {
  const BadCase cases[] = {
      {"", "", "the body is empty"},
      {"[]", "", "the body is an array, not an object"},
      {"{", "", "the body is not JSON"},
      {"{}", "outcome", "field \"outcome\" is missing; it is succeeded, failed, cancelled or lost"},
      {R"({"outcome":"ok"})", "outcome",
       "field \"outcome\" is not succeeded, failed, cancelled or lost"},
      {R"({"outcome":null})", "outcome", "field \"outcome\" is null, not a string"},
      {R"({"outcome":"lost","outcome":"lost"})", "outcome", "field \"outcome\" comes twice"},
      {R"({"outcome":"lost","exit_code":1.5})", "exit_code",
       "field \"exit_code\" is not an integer of 64 bits"},
      {R"({"outcome":"lost","exitcode":1})", "exitcode",
       "field \"exitcode\" is not known; did you mean \"exit_code\"?"},
      {R"({"outcome":"lost","message":1})", "message",
       "field \"message\" is not known; known are outcome, exit_code, reason"},
      {R"({"outcome":"lost","reason":")" + std::string(kMaxReasonBytes + 1, 'x') + "\"}", "reason",
       "field \"reason\" is longer than 4096 bytes"},
  };
  for (const BadCase& bad : cases) {
    const Result<Outcome> outcome = ParseOutcomeBody(bad.body);
    ASSERT_FALSE(outcome) << bad.body;
    EXPECT_EQ(outcome.error().field, bad.field) << bad.body;
    EXPECT_EQ(outcome.error().message, bad.message) << bad.body;
  }
}

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
