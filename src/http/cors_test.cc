#include "http/cors.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

RequestHead From(std::string_view origin) {
  RequestHead head;
  head.headers.Add("Origin", origin);
  return head;
}

CorsPolicy Policy(const std::vector<std::string>& origins) {
  Result<CorsPolicy> policy = CorsPolicy::Make(origins);
  EXPECT_TRUE(policy);
  return *policy;
}

TEST(Cors, OriginsAreWrittenAsBrowsersDo) {
  EXPECT_EQ(*NormalizeOrigin("https://Portal.Example"), "https://portal.example");
  EXPECT_EQ(*NormalizeOrigin("HTTPS://portal.example:443"), "https://portal.example");
  EXPECT_EQ(*NormalizeOrigin("http://portal.example:80"), "http://portal.example");
  EXPECT_EQ(*NormalizeOrigin("http://portal.example:443"), "http://portal.example:443");
  EXPECT_EQ(*NormalizeOrigin("http://[::1]:8000"), "http://[::1]:8000");
  EXPECT_EQ(*NormalizeOrigin("http://[::1]"), "http://[::1]");
}

TEST(Cors, WhatIsNoOriginIsRefused) {
  for (const char* text : {"",
                           "*",
                           "null",
                           "portal.example",
                           "https://",
                           "https://a/",
                           "https://a/b",
                           "https://*.a",
                           "ftp://a",
                           "https://a:0",
                           "https://a:65536",
                           "https://a:x",
                           "https://a:",
                           "https://u@a",
                           "https://a b",
                           "https://a?x",
                           "https://a#x",
                           "https://a,https://b",
                           "https://a:080",
                           "https://[::1",
                           "file://",
                           "https://\xc3\xa4"}) {
    const Result<std::string> origin = NormalizeOrigin(text);
    EXPECT_FALSE(origin) << text;
  }
  const auto policy = CorsPolicy::Make(std::vector<std::string>{"https://a", "*"});
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().message,
            "cors.origins: '*' is no origin: write https://HOST or http://HOST:PORT");
}

TEST(Cors, OnlyTheVeryOriginIsAllowed) {
  const CorsPolicy policy = Policy({"https://portal.example", "http://localhost:3000"});
  EXPECT_TRUE(policy.Allows(From("https://portal.example")));
  EXPECT_TRUE(policy.Allows(From("http://localhost:3000")));
  for (const char* hostile :
       {"null", "", "*", "http://portal.example", "https://portal.example:8443",
        "https://portal.example:443", "https://portal.example.evil.test",
        "https://evilportal.example", "https://evil.test/https://portal.example",
        "https://portal.example/", "https://portal.example@evil.test", "https://PORTAL.example",
        "https://portal.example, https://evil.test", " https://portal.example", "http://localhost",
        "http://localhost:30000", "https://portal.example\t", "https://portal%2eexample",
        "https://portal.example."}) {
    EXPECT_FALSE(policy.Allows(From(hostile))) << hostile;
  }
  RequestHead twice = From("https://portal.example");
  twice.headers.Add("origin", "https://evil.test");
  EXPECT_FALSE(policy.Allows(twice));
  EXPECT_FALSE(policy.Allows({}));
  EXPECT_FALSE(CorsPolicy().Allows(From("null")));
}

TEST(Cors, FieldsOfAnAnswer) {
  const CorsPolicy policy = Policy({"https://portal.example"});
  Headers allowed;
  policy.AddTo(From("https://portal.example"), allowed);
  EXPECT_EQ(allowed.Find("Access-Control-Allow-Origin"), "https://portal.example");
  EXPECT_EQ(allowed.Find("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(allowed.Find("Vary"), "Origin");
  Headers refused;
  policy.AddTo(From("https://evil.test"), refused);
  EXPECT_EQ(refused.Find("Vary"), "Origin");
  EXPECT_EQ(refused.Size(), 1u);
  Headers none;
  CorsPolicy().AddTo(From("https://portal.example"), none);
  EXPECT_TRUE(none.Empty());
}

TEST(Cors, Preflight) {
  const CorsPolicy policy = Policy({"https://portal.example"});
  RequestHead request = From("https://portal.example");
  Headers plain;
  policy.AddPreflightTo(request, "GET", plain);
  EXPECT_TRUE(plain.Empty()) << "a request for OPTIONS itself";
  request.headers.Add("Access-Control-Request-Method", "DELETE");
  Headers answer;
  policy.AddPreflightTo(request, "GET, DELETE", answer);
  EXPECT_EQ(answer.Find("Access-Control-Allow-Methods"), "GET, DELETE");
  EXPECT_NE(answer.Find("Access-Control-Allow-Headers")->find("Last-Event-ID"),
            std::string_view::npos);
  RequestHead hostile = From("https://evil.test");
  hostile.headers.Add("Access-Control-Request-Method", "DELETE");
  Headers nothing;
  policy.AddPreflightTo(hostile, "GET, DELETE", nothing);
  EXPECT_TRUE(nothing.Empty());
}

}  // namespace
}  // namespace tailrace
