#include "io/address.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace tailrace {
namespace {

TEST(Address, KnowsLoopback) {
  for (const char* text :
       {"127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "localhost:0", "unix:/x"}) {
    const auto address = ParseAddress(text);
    ASSERT_TRUE(address) << text;
    EXPECT_TRUE(address->IsLoopback()) << text;
  }
  for (const char* text : {"0.0.0.0:8080", "[::]:8080", ":8080", "10.0.0.1:80"}) {
    const auto address = ParseAddress(text);
    ASSERT_TRUE(address) << text;
    EXPECT_FALSE(address->IsLoopback()) << text;
  }
}

TEST(Address, RefusesWhatCannotBeListenedOn) {
  for (const char* text : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "a.example:80",
                           "127.0.0.1:-1", "unix:", "[::1:80"}) {
    const auto address = ParseAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalid);
  }
}

TEST(Address, ASecondListenerIsToldWhereAndWhy) {
  const auto first = OpenListenSocket(*ParseAddress("127.0.0.1:0"));
  ASSERT_TRUE(first);
  const std::string bound = LocalAddressText(*first);
  const auto second = OpenListenSocket(*ParseAddress(bound));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(bound), std::string::npos) << second.error().message;
  EXPECT_NE(second.error().message.find("another server"), std::string::npos);
  close(*first);
}

TEST(Address, AUnixSocketLeftBehindIsReplaced) {
  const std::string text = "unix:" + testing::TempDir() + "tailrace_address_test.sock";
  const auto first = OpenListenSocket(*ParseAddress(text));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(OpenListenSocket(*ParseAddress(text)));  // alive: not replaced
  close(*first);
  const auto second = OpenListenSocket(*ParseAddress(text));
  ASSERT_TRUE(second) << second.error().message;
  close(*second);
  unlink(text.substr(5).c_str());
}

}  // namespace
}  // namespace tailrace
