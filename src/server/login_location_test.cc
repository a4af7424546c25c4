#include "server/login_location.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(LoginLocation, SaysWhereToComeBack) {
  const ReturnTo page{"/tailrace", "logs/deploy/a~b", "logs.example.org:8443", true};
  EXPECT_EQ(LoginLocation("/accounts/login/?next={path}", page),
            "/accounts/login/?next=/tailrace/logs/deploy/a~b");
  EXPECT_EQ(LoginLocation("https://login.example/?rd={url}&again={path}", page),
            "https://login.example/?rd=https%3A//logs.example.org%3A8443/tailrace/logs/deploy/a~b"
            "&again=/tailrace/logs/deploy/a~b");
  EXPECT_EQ(LoginLocation("https://login.example/", page), "https://login.example/");
  EXPECT_EQ(LoginLocation("/in?{path}", {"", "", "", false}), "/in?/");
  EXPECT_EQ(LoginLocation("/in?{url}", {"", "x", "", false}), "/in?/x");
}

TEST(LoginLocation, WhatAClientSendsStaysAValue) {
  const ReturnTo page{"", "logs/a/b?x&y=1#z%0d", "h&x=1", false};
  EXPECT_EQ(LoginLocation("/in?next={path}", page), "/in?next=/logs/a/b%3Fx%26y%3D1%23z%250d");
  EXPECT_EQ(LoginLocation("/in?next={url}", page),
            "/in?next=http%3A//h%26x%3D1/logs/a/b%3Fx%26y%3D1%23z%250d");
  // A placeholder in it is none.
  EXPECT_EQ(LoginLocation("/in?next={path}", {"", "{url}", "h", false}), "/in?next=/%7Burl%7D");
}

TEST(LoginLocation, AWrongAddressIsRefused) {
  for (const char* good :
       {"/login", "https://login.example/?rd={url}", "http://x/?n={path}&{url}"}) {
    EXPECT_TRUE(CheckLoginUrl(good)) << good;
  }
  for (const char* bad : {"login", "//evil", "javascript:x", "ftp://x", "/a b", "/a\r\nX: y", "/\"",
                          "/?next={next}", "/?next={path", "/{path}", "https://{url}/"}) {
    const auto checked = CheckLoginUrl(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_TRUE(checked.error().message.starts_with("access.login_url: ")) << bad;
  }
}

}  // namespace
}  // namespace tailrace
