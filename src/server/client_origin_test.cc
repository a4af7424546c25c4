#include "server/client_origin.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

ClientHop From(std::string_view address, bool secure = false) {
  return {{PeerAddress::Kind::kIp, *ParseIpAddress(address)}, secure};
}

const ClientHop kFromUnix = {{PeerAddress::Kind::kUnix, {}}, false};

OriginRules Trusting(std::vector<std::string> texts) {
  return {*TrustedProxies::Parse(texts), ForwardedHeaders::kXForwarded};
}

RequestHead Head() {
  RequestHead head;
  head.host = "inner:8080";
  head.headers.Add("X-Forwarded-For", "203.0.113.9");
  head.headers.Add("X-Forwarded-Proto", "https");
  head.headers.Add("X-Forwarded-Host", "logs.example.org");
  return head;
}

TEST(ClientOrigin, NobodysWordIsTakenByDefault) {
  for (const ClientHop& hop : {From("127.0.0.1"), From("::1"), kFromUnix}) {
    const ClientOrigin origin = FindClientOrigin(hop, Head(), {});
    EXPECT_NE(origin.address, "203.0.113.9");
    EXPECT_FALSE(origin.secure);
    EXPECT_EQ(origin.host, "inner:8080");
    EXPECT_FALSE(origin.from_trusted_proxy);
  }
  EXPECT_EQ(FindClientOrigin(kFromUnix, Head(), {}).address, "unix");
  EXPECT_EQ(FindClientOrigin(From("::1"), Head(), {}).address, "::1");
  EXPECT_EQ(FindClientOrigin({}, Head(), {}).address, "");
}

TEST(ClientOrigin, ATrustedProxysWordCounts) {
  for (const ClientHop& hop : {From("127.0.0.1"), kFromUnix}) {
    const ClientOrigin origin = FindClientOrigin(hop, Head(), Trusting({"127.0.0.0/8", "unix"}));
    EXPECT_EQ(origin.address, "203.0.113.9");
    EXPECT_TRUE(origin.secure);
    EXPECT_EQ(origin.host, "logs.example.org");
    EXPECT_TRUE(origin.from_trusted_proxy);
  }
}

TEST(ClientOrigin, AnotherPeersWordDoesNot) {
  const ClientOrigin origin =
      FindClientOrigin(From("192.0.2.7", true), Head(), Trusting({"127.0.0.0/8", "unix"}));
  EXPECT_EQ(origin.address, "192.0.2.7");
  EXPECT_TRUE(origin.secure);
  EXPECT_EQ(origin.host, "inner:8080");
  EXPECT_FALSE(origin.from_trusted_proxy);
  EXPECT_FALSE(FindClientOrigin({}, Head(), Trusting({"0.0.0.0/0", "::/0"})).from_trusted_proxy);
}

TEST(ClientOrigin, WhatTheProxyLeavesOutIsWhatWeSee) {
  RequestHead head;
  head.host = "logs.example.org";
  const ClientOrigin origin = FindClientOrigin(From("127.0.0.1"), head, Trusting({"127.0.0.1"}));
  EXPECT_EQ(origin.address, "127.0.0.1");
  EXPECT_FALSE(origin.secure);
  EXPECT_EQ(origin.host, "logs.example.org");
  EXPECT_TRUE(origin.from_trusted_proxy);
}

TEST(ClientOrigin, OverUwsgiTheGatewaysWordComesFirst) {
  RequestHead head = Head();
  head.gateway = ForwardedHop{ParseIpAddress("192.0.2.7"), false, ""};
  EXPECT_EQ(FindClientOrigin(kFromUnix, head, {}).address, "unix");
  const ClientOrigin direct = FindClientOrigin(kFromUnix, head, Trusting({"unix"}));
  EXPECT_EQ(direct.address, "192.0.2.7");  // the fields are a client's own
  EXPECT_FALSE(direct.secure);
  EXPECT_EQ(direct.host, "inner:8080");
  const ClientOrigin nested = FindClientOrigin(kFromUnix, head, Trusting({"unix", "192.0.2.7"}));
  EXPECT_EQ(nested.address, "203.0.113.9");
  EXPECT_TRUE(nested.secure);
}

}  // namespace
}  // namespace tailrace
