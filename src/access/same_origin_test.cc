#include "access/same_origin.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

bool Same(std::string_view site, std::string_view origin, bool secure = false) {
  RequestHead head;
  if (!site.empty()) head.headers.Add("Sec-Fetch-Site", site);
  if (!origin.empty()) head.headers.Add("Origin", origin);
  return IsSameOrigin(head, secure, "logs.example:8080");
}

TEST(SameOrigin, BySecFetchSite) {
  EXPECT_TRUE(Same("same-origin", ""));
  EXPECT_TRUE(Same("none", ""));
  EXPECT_FALSE(Same("same-site", ""));
  EXPECT_FALSE(Same("cross-site", ""));
  EXPECT_FALSE(Same("cross-site", "http://logs.example:8080")) << "it wins";
}

TEST(SameOrigin, ByOrigin) {
  EXPECT_TRUE(Same("", "http://logs.example:8080"));
  EXPECT_TRUE(Same("", "http://LOGS.example:8080"));
  EXPECT_TRUE(Same("", "https://logs.example:8080", true));
  EXPECT_FALSE(Same("", "https://logs.example:8080"));
  EXPECT_FALSE(Same("", "http://logs.example"));
  EXPECT_FALSE(Same("", "http://logs.example:8080.evil.example"));
  EXPECT_FALSE(Same("", "null"));
  EXPECT_TRUE(Same("", "")) << "no browser";
}

TEST(SameOrigin, AnUnknownHostIsNoOrigins) {
  RequestHead head;
  head.headers.Add("Origin", "http://");
  EXPECT_FALSE(IsSameOrigin(head, false, ""));
}

TEST(SameOrigin, SafeMethods) {
  EXPECT_TRUE(IsSafeMethod(Method::kGet));
  EXPECT_TRUE(IsSafeMethod(Method::kHead));
  EXPECT_TRUE(IsSafeMethod(Method::kOptions));
  for (const Method method : {Method::kPost, Method::kPut, Method::kPatch, Method::kDelete}) {
    EXPECT_FALSE(IsSafeMethod(method));
  }
}

}  // namespace
}  // namespace tailrace
