#include "source/kubernetes/access_reviewer.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(AccessReviewBodyTest, AsksForGetPodsLog) {
  EXPECT_EQ(AccessReviewBody({.namespace_name = "shop", .user = "joe", .groups = {"dev", "ops"}}),
            R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview",)"
            R"("spec":{"user":"joe","groups":["dev","ops"],"resourceAttributes":)"
            R"({"namespace":"shop","verb":"get","resource":"pods","subresource":"log"}}})");
}

TEST(AccessReviewBodyTest, NamesAreText) {
  const std::string body =
      AccessReviewBody({.namespace_name = "shop", .user = R"(","groups":["system:masters)"});
  EXPECT_NE(body.find(R"("user":"\",\"groups\":[\"system:masters","groups":[])"), std::string::npos)
      << body;
}

TEST(ReadAccessReviewTest, OnlyAnAnswerIsAnAnswer) {
  EXPECT_EQ(ReadAccessReview(R"({"status":{"allowed":true,"reason":"RBAC"}})"),
            AccessAnswer::kAllowed);
  EXPECT_EQ(ReadAccessReview(R"({"status":{"allowed":false,"denied":true}})"),
            AccessAnswer::kDenied);
  for (const char* none : {"", "{", "{}", "[]", R"({"status":{}})", R"({"status":"allowed"})",
                           R"({"status":{"allowed":"true"}})", R"({"allowed":true})"}) {
    EXPECT_EQ(ReadAccessReview(none), AccessAnswer::kNone) << none;
  }
}

}  // namespace
}  // namespace tailrace
