#include "http/problem.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

std::string Json(const Problem& problem) {
  std::string out;
  AppendProblemJson(out, problem);
  return out;
}

TEST(Problem, FromErrors) {
  EXPECT_EQ(
      Json(ProblemFrom(Error{.code = ErrorCode::kInvalid, .message = "a \"b\"", .field = "id"})),
      R"({"type":"about:blank","title":"Bad Request","status":400,"code":"invalid",)"
      R"("detail":"a \"b\"","field":"id"})");
  EXPECT_EQ(
      Json(ProblemFrom(Error{
          .code = ErrorCode::kConflict, .message = "ahead", .expected = 7, .has_expected = true})),
      R"({"type":"about:blank","title":"Conflict","status":409,"code":"conflict",)"
      R"("detail":"ahead","expected":7})");
}

TEST(Problem, Statuses) {
  const std::pair<ErrorCode, int> cases[] = {
      {ErrorCode::kInvalid, 400},  {ErrorCode::kNotFound, 404},   {ErrorCode::kConflict, 409},
      {ErrorCode::kTooLarge, 413}, {ErrorCode::kOverloaded, 429}, {ErrorCode::kUnavailable, 503},
      {ErrorCode::kCorrupt, 500},  {ErrorCode::kInternal, 500},
  };
  for (const auto& [code, status] : cases) {
    const Problem problem = ProblemFrom(Error{.code = code});
    EXPECT_EQ(problem.status, status);
    EXPECT_EQ(problem.retry_after_s.has_value(), status == 429 || status == 503);
  }
}

TEST(Problem, FromAStatus) {
  Problem problem = ProblemFrom(405, "no");
  EXPECT_EQ(problem.code, "method_not_allowed");
  EXPECT_FALSE(problem.retry_after_s);
  problem = ProblemFrom(503, "draining");
  problem.stored = 3;
  problem.limit = 4;
  EXPECT_EQ(Json(problem),
            R"({"type":"about:blank","title":"Service Unavailable","status":503,)"
            R"("code":"service_unavailable","detail":"draining","stored":3,"limit":4,)"
            R"("retry_after":1})");
}

}  // namespace
}  // namespace tailrace
