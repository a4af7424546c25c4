#include "source/kubernetes/api_follow_port.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(ApiFollowPort, AsksAsTheApiWantsIt) {
  LogQuery query{.namespace_name = "shop", .pod = "web-1", .container = "app", .follow = true};
  EXPECT_EQ(LogPath(query),
            "/api/v1/namespaces/shop/pods/web-1/log?container=app&timestamps=true&follow=true");
  query.follow = false;
  query.previous = true;
  query.since_s = 1'795'407'770;
  EXPECT_EQ(LogPath(query),
            "/api/v1/namespaces/shop/pods/web-1/log?container=app&timestamps=true&previous=true"
            "&sinceTime=2026-11-23T04%3A22%3A50Z");
}

}  // namespace
}  // namespace tailrace
