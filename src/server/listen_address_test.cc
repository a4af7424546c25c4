#include "server/listen_address.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(ListenAddress, FollowsTheCertificateUnlessASchemeSaysOtherwise) {
  for (const bool has_certificate : {false, true}) {
    const auto bare = ParseListenAddress("127.0.0.1:8443", has_certificate);
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->tls, has_certificate);
    EXPECT_EQ(bare->address.text, "127.0.0.1:8443");
    const auto clear = ParseListenAddress("http://[::1]:8080", has_certificate);
    ASSERT_TRUE(clear);
    EXPECT_FALSE(clear->tls);
    EXPECT_EQ(clear->address.text, "[::1]:8080");
    const auto local = ParseListenAddress("unix:/run/tailrace.sock", has_certificate);
    ASSERT_TRUE(local);
    EXPECT_FALSE(local->tls);
  }
}

TEST(ListenAddress, TlsThatIsAskedForNeedsACertificate) {
  const auto with = ParseListenAddress("https://127.0.0.1:8443", true);
  ASSERT_TRUE(with);
  EXPECT_TRUE(with->tls);
  const auto without = ParseListenAddress("https://127.0.0.1:8443", false);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().message,
            "listen: https://127.0.0.1:8443 needs a certificate: set tls.cert and tls.key");
}

TEST(ListenAddress, TheRestIsAnAddress) {
  EXPECT_FALSE(ParseListenAddress("https://", true));
  EXPECT_FALSE(ParseListenAddress("https://host.example:1/path", true));
}

}  // namespace
}  // namespace tailrace
