#include "base/ip_address.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

using namespace std::string_view_literals;

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  for (const auto text : {"192.0.2.1"sv, "0.0.0.0"sv, "2001:db8::1"sv, "::1"sv, "::"sv}) {
    const auto address = ParseIpAddress(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->Text(), text);
  }
  EXPECT_TRUE(ParseIpAddress("192.0.2.1")->IsV4());
  EXPECT_FALSE(ParseIpAddress("::1")->IsV4());
}

TEST(IpAddress, V4AndItsMappedFormAreOne) {
  EXPECT_EQ(*ParseIpAddress("::ffff:192.0.2.1"), *ParseIpAddress("192.0.2.1"));
  EXPECT_EQ(IpFromBytes("\xc0\x00\x02\x01"sv), *ParseIpAddress("192.0.2.1"));
  EXPECT_EQ(ParseIpAddress("::ffff:192.0.2.1")->Text(), "192.0.2.1");
}

TEST(IpAddress, RefusesWhatIsNotOneAddress) {
  for (const auto text :
       {""sv, "localhost"sv, "1.2.3"sv, "1.2.3.4.5"sv, "01.2.3.4"sv, "1.2.3.256"sv, "[::1]"sv,
        "::1%lo"sv, " 1.2.3.4"sv, "1.2.3.4:80"sv, "1.2.3.4\0"sv, "::1::"sv, "unknown"sv}) {
    EXPECT_FALSE(ParseIpAddress(text)) << text;
  }
}

TEST(IpRange, HoldsItsPrefixAndNothingElse) {
  const auto private_net = ParseIpRange("10.32.0.0/11");
  ASSERT_TRUE(private_net);
  EXPECT_TRUE(private_net->Contains(*ParseIpAddress("10.32.0.0")));
  EXPECT_TRUE(private_net->Contains(*ParseIpAddress("10.63.255.255")));
  EXPECT_FALSE(private_net->Contains(*ParseIpAddress("10.64.0.0")));
  EXPECT_FALSE(private_net->Contains(*ParseIpAddress("10.31.255.255")));
  EXPECT_FALSE(private_net->Contains(*ParseIpAddress("2001:db8::1")));
  EXPECT_TRUE(ParseIpRange("0.0.0.0/0")->Contains(*ParseIpAddress("203.0.113.9")));
  EXPECT_FALSE(ParseIpRange("0.0.0.0/0")->Contains(*ParseIpAddress("2001:db8::1")));
  EXPECT_TRUE(ParseIpRange("::/0")->Contains(*ParseIpAddress("203.0.113.9")));
  EXPECT_TRUE(ParseIpRange("2001:db8::/33")->Contains(*ParseIpAddress("2001:db8:7fff::")));
  EXPECT_FALSE(ParseIpRange("2001:db8::/33")->Contains(*ParseIpAddress("2001:db8:8000::")));
}

TEST(IpRange, AnAddressAloneIsARangeOfOne) {
  const auto one = ParseIpRange("127.0.0.1");
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->Contains(*ParseIpAddress("127.0.0.1")));
  EXPECT_FALSE(one->Contains(*ParseIpAddress("127.0.0.2")));
}

TEST(IpRange, RefusesWhatCouldMeanMoreThanOneThing) {
  for (const auto text : {"10.0.0.1/8"sv, "10.0.0.0/33"sv, "10.0.0.0/"sv, "10.0.0.0/-1"sv,
                          "10.0.0.0/08x"sv, "2001:db8::1/32"sv, "::/129"sv, "/8"sv, ""sv,
                          "example.org"sv, "10.0.0.0/8/8"sv, "10.0.0.0/0008"sv}) {
    EXPECT_FALSE(ParseIpRange(text)) << text;
  }
}

}  // namespace
}  // namespace tailrace
