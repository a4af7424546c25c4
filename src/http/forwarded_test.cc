#include "http/forwarded.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

using enum ForwardedHeaders;

TrustedProxies Trusting(std::vector<std::string> texts) {
  Result<TrustedProxies> trusted = TrustedProxies::Parse(texts);
  EXPECT_TRUE(trusted);
  return *trusted;
}

// The client that the fields tell of, as "address scheme host"; "-": not known.
std::string Client(ForwardedHeaders kind,
                   std::vector<std::pair<std::string_view, std::string_view>> fields,
                   std::vector<std::string> trusted = {"10.0.0.0/8"}) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.Add(name, value);
  const ForwardedHop client =
      FindForwardedClient(ReadForwardedHops(headers, kind), Trusting(std::move(trusted)));
  std::string text = client.address ? client.address->Text() : "-";
  text.append(!client.secure ? " -" : *client.secure ? " https" : " http");
  return text.append(" ").append(client.host.empty() ? "-" : client.host);
}

TEST(TrustedProxies, AreAddressesRangesAndUnix) {
  const TrustedProxies trusted = Trusting({"127.0.0.1", "2001:db8::/32", "unix"});
  EXPECT_TRUE(trusted.Trusts(*ParseIpAddress("127.0.0.1")));
  EXPECT_TRUE(trusted.Trusts(*ParseIpAddress("2001:db8:1::1")));
  EXPECT_FALSE(trusted.Trusts(*ParseIpAddress("127.0.0.2")));
  EXPECT_TRUE(trusted.TrustsUnix());
  EXPECT_FALSE(TrustedProxies().TrustsUnix());
  EXPECT_FALSE(TrustedProxies().Trusts(*ParseIpAddress("127.0.0.1")));
}

TEST(TrustedProxies, AWrongOneIsNamed) {
  for (const std::string text : {"10.0.0.1/8", "localhost", "unix:/run/x", ""}) {
    const auto parsed = TrustedProxies::Parse(std::vector{text});
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(parsed.error().field, "trusted_proxies");
    EXPECT_NE(parsed.error().message.find("'" + text + "'"), std::string::npos);
  }
}

TEST(ForwardedHeaders, HaveNames) {
  EXPECT_EQ(ParseForwardedHeaders("x-forwarded"), kXForwarded);
  EXPECT_EQ(ParseForwardedHeaders("forwarded"), kForwarded);
  EXPECT_FALSE(ParseForwardedHeaders("X-Forwarded"));
}

TEST(XForwarded, TheRightmostThatIsNotTrustedIsTheClient) {
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "203.0.113.9"}}), "203.0.113.9 - -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.1.1.1"}}),
            "203.0.113.9 - -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "10.1.1.1"}}),
            "6.6.6.6 - -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "10.2.2.2, 10.1.1.1"}}), "10.2.2.2 - -");
  EXPECT_EQ(Client(kXForwarded, {}), "- - -");
}

TEST(XForwarded, WhatNoAddressIsEndsTheSearch) {
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "6.6.6.6, unknown, 10.1.1.1"}}),
            "10.1.1.1 - -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "6.6.6.6,, 10.1.1.1"}}), "10.1.1.1 - -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "6.6.6.6, \"10.1.1.1\""}}), "- - -");
}

TEST(XForwarded, AddressesMayHavePorts) {
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "203.0.113.9:4711"}}), "203.0.113.9 - -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "[2001:db8::7]:4711"}}), "2001:db8::7 - -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "2001:db8::7"}}), "2001:db8::7 - -");
}

TEST(XForwarded, SchemeAndHostAreOfTheFarthestTrustedProxyThatSaysThem) {
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "203.0.113.9"},
                                 {"X-Forwarded-Proto", "https"},
                                 {"X-Forwarded-Host", "logs.example.org:8443"}}),
            "203.0.113.9 https logs.example.org:8443");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "203.0.113.9, 10.1.1.1"},
                                 {"X-Forwarded-Proto", "https, http"}}),
            "203.0.113.9 https -");
  // One element for two hops is the nearest proxy's, who may have passed it on.
  EXPECT_EQ(Client(kXForwarded,
                   {{"X-Forwarded-For", "203.0.113.9, 10.1.1.1"}, {"X-Forwarded-Proto", "https"}}),
            "203.0.113.9 https -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.1.1.1"},
                                 {"X-Forwarded-Proto", "https, http, http"}}),
            "203.0.113.9 http -");
  EXPECT_EQ(Client(kXForwarded, {{"X-Forwarded-Proto", "HTTPS"}}), "- https -");
  EXPECT_EQ(
      Client(kXForwarded, {{"X-Forwarded-Proto", "gopher"}, {"X-Forwarded-Host", "a b, <x>"}}),
      "- - -");
}

TEST(XForwarded, IsTheOnlyOneThatIsRead) {
  EXPECT_EQ(Client(kXForwarded, {{"Forwarded", "for=6.6.6.6;proto=https"}}), "- - -");
  EXPECT_EQ(Client(kForwarded, {{"X-Forwarded-For", "6.6.6.6"}}), "- - -");
}

TEST(Forwarded, ReadsTheExamplesOfTheRfc) {
  EXPECT_EQ(Client(kForwarded, {{"Forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43"}}),
            "192.0.2.60 http -");
  EXPECT_EQ(Client(kForwarded, {{"Forwarded", "For=\"[2001:db8:cafe::17]:4711\""}}),
            "2001:db8:cafe::17 - -");
  EXPECT_EQ(Client(kForwarded, {{"Forwarded", "for=192.0.2.43, for=198.51.100.17"}}),
            "198.51.100.17 - -");
  EXPECT_EQ(Client(kForwarded, {{"Forwarded", "for=\"_gazonk\""}}), "- - -");
  EXPECT_EQ(Client(kForwarded, {{"Forwarded", "for=_hidden, for=10.0.0.1"}}), "10.0.0.1 - -");
}

TEST(Forwarded, FollowsTrustedHopsOverLines) {
  EXPECT_EQ(Client(kForwarded, {{"Forwarded",
                                 "for=6.6.6.6;host=evil, "
                                 "for=203.0.113.9;proto=https;host=\"logs:443\""},
                                {"Forwarded", "for=10.1.1.1;proto=http;host=inner"}}),
            "203.0.113.9 https logs:443");
}

TEST(Forwarded, AnOpenQuoteOfTheClientDoesNotSwallowTheProxysWord) {
  EXPECT_EQ(Client(kForwarded, {{"Forwarded", "for=\"6.6.6.6"}, {"Forwarded", "for=203.0.113.9"}}),
            "203.0.113.9 - -");
  // On one line nobody can tell who wrote what: nothing of it counts.
  EXPECT_EQ(Client(kForwarded, {{"Forwarded", "for=\"6.6.6.6, for=203.0.113.9"}}), "- - -");
  EXPECT_EQ(Client(kForwarded, {{"Forwarded", "for=6.6.6.6;x=\"\\"}}), "- - -");
}

TEST(Forwarded, MalformedLinesSayNothing) {
  for (const std::string_view line :
       {"", "for", "for=", "=1.2.3.4", "for =1.2.3.4", "for=1.2.3.4;", "for=1.2.3.4 proto=https",
        "for=1.2.3.4,", "f or=1.2.3.4", "for=\"1.2.3.4\"x", "for=[::1", "for=[::1]x"}) {
    EXPECT_EQ(Client(kForwarded, {{"Forwarded", line}}), "- - -") << line;
  }
}

}  // namespace
}  // namespace tailrace
