#include "http/router.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

enum Id { kStat, kCreate, kEntries, kListEvents, kEvents, kPortal };

Router MakeRouter() {
  Router router;
  router.Add({Method::kGet}, "/api/v1/logs/{type}/{id}", kStat);
  router.Add({Method::kPut, Method::kDelete}, "/api/v1/logs/{type}/{id}", kCreate);
  router.Add({Method::kPost}, "/api/v1/logs/{type}/{id}/entries", kEntries);
  router.Add({Method::kGet}, "/api/v1/logs/events", kListEvents);
  router.Add({Method::kGet}, "/api/v1/logs/{type}/{id}/events", kEvents);
  router.Add({Method::kGet}, "/api/v1/sse/logs/", kPortal);
  return router;
}

TEST(Router, FindsAndCaptures) {
  const Router router = MakeRouter();
  RouteMatch match = router.Match(Method::kGet, "/api/v1/logs/deploy/42%7E%3A");
  ASSERT_EQ(match.kind, RouteMatch::Kind::kFound);
  EXPECT_EQ(match.route, kStat);
  EXPECT_EQ(match.Param("type"), "deploy");
  EXPECT_EQ(match.Param("id"), "42~:");
  EXPECT_EQ(match.Param("none"), "");
  EXPECT_EQ(router.Match(Method::kHead, "/api/v1/logs/a/b").route, kStat);
  EXPECT_EQ(router.Match(Method::kDelete, "/api/v1/logs/a/b").route, kCreate);
  EXPECT_EQ(router.Match(Method::kGet, "/api/v1/logs/events").route, kListEvents);
  EXPECT_EQ(router.Match(Method::kGet, "/api/v1/logs/a/b/events").route, kEvents);
  EXPECT_EQ(router.Match(Method::kGet, "/api/v1/l%6Fgs/events").route, kListEvents);
  EXPECT_EQ(router.Match(Method::kGet, "/api/v1/sse/logs/").route, kPortal);
}

TEST(Router, NotFound) {
  const Router router = MakeRouter();
  for (const std::string_view path :
       {"/", "", "*", "/api/v1/logs", "/api/v1/logs/a/b/", "/api/v1/sse/logs", "/api/v1/logs//b",
        "/api/v1/logs/a/", "/api/v1/logs/a/.", "/api/v1/logs/../b", "/api/v1/logs/%2e%2E/b",
        "/api/v1/logs/a/b%2Fc", "/api/v1/logs/a/b%00", "/api/v1/logs/a%2Fb",
        "/api/v1/x/../logs/a/b", "//api/v1/logs/a/b", "/API/v1/logs/a/b", "api/v1/logs/a/b"}) {
    EXPECT_EQ(router.Match(Method::kGet, path).kind,
              path == "*" ? RouteMatch::Kind::kMethodNotAllowed : RouteMatch::Kind::kNotFound)
        << path;
  }
}

TEST(Router, OtherMethods) {
  const Router router = MakeRouter();
  RouteMatch match = router.Match(Method::kPost, "/api/v1/logs/a/b");
  EXPECT_EQ(match.kind, RouteMatch::Kind::kMethodNotAllowed);
  EXPECT_EQ(match.allow, "GET, HEAD, PUT, DELETE, OPTIONS");
  match = router.Match(Method::kOptions, "/api/v1/logs/a/b/entries");
  EXPECT_EQ(match.kind, RouteMatch::Kind::kOptions);
  EXPECT_EQ(match.allow, "POST, OPTIONS");
  match = router.Match(Method::kOptions, "*");
  EXPECT_EQ(match.kind, RouteMatch::Kind::kOptions);
  EXPECT_EQ(match.allow, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  EXPECT_EQ(router.Match(Method::kOptions, "/none").kind, RouteMatch::Kind::kNotFound);
}

TEST(Router, FirstThatFitsWins) {
  Router router;
  router.Add({Method::kGet}, "/a/b", 1);
  router.Add({Method::kGet, Method::kPost}, "/a/{x}", 2);
  EXPECT_EQ(router.Match(Method::kGet, "/a/b").route, 1);
  EXPECT_EQ(router.Match(Method::kPost, "/a/b").route, 2);
  EXPECT_EQ(router.Match(Method::kPut, "/a/b").allow, "GET, HEAD, POST, OPTIONS");
}

}  // namespace
}  // namespace tailrace
