#include "ingest/outcome_body.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

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

}  // namespace
}  // namespace tailrace
