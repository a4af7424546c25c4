#include "access/listen_policy.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(ListenPolicy, WithoutAuthenticationOnlyLoopbackUnlessAsked) {
  EXPECT_TRUE(CheckListenPolicy(true, "127.0.0.1:8080", false, false));
  EXPECT_TRUE(CheckListenPolicy(false, "0.0.0.0:8080", false, true));
  EXPECT_TRUE(CheckListenPolicy(false, "0.0.0.0:8080", true, false));
  const auto refused = CheckListenPolicy(false, "0.0.0.0:8080", false, false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("0.0.0.0:8080"), std::string::npos);
  EXPECT_NE(refused.error().message.find("--insecure-no-auth"), std::string::npos);
}

}  // namespace
}  // namespace tailrace
