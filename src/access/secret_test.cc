#include "access/secret.h"

#include <gtest/gtest.h>

#include <concepts>
#include <set>

#include "access/password.h"

namespace tailrace {
namespace {

// No secret can be compared but by SameDigest.
static_assert(!std::equality_comparable<Digest>);
static_assert(!std::totally_ordered<Digest>);

TEST(Secret, IsLongAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(NewSecret());
  EXPECT_EQ(seen.size(), 1'000U);
  for (const std::string& secret : seen) {
    EXPECT_EQ(secret.size(), 43U);
    EXPECT_EQ(
        secret.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "-_"),
        std::string::npos);
  }
}

TEST(Digest, IsOfTheWholeSecret) {
  const Digest one = Digest::Of("one");
  EXPECT_TRUE(SameDigest(one, Digest::Of("one")));
  EXPECT_FALSE(SameDigest(one, Digest::Of("one ")));
  EXPECT_FALSE(SameDigest(one, Digest::Of("")));
  EXPECT_EQ(one.Hex().substr(0, 12), one.Id());
  const auto again = Digest::FromHex(one.Hex());
  ASSERT_TRUE(again);
  EXPECT_TRUE(SameDigest(one, *again));
}

// RFC 7693: BLAKE2b of 32 bytes without a key, of the empty text.
TEST(Digest, IsBlake2b) {
  EXPECT_EQ(Digest::Of("").Hex(),
            "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

TEST(Digest, FromWhatIsNone) {
  const std::string hex = Digest::Of("x").Hex();
  EXPECT_FALSE(Digest::FromHex(""));
  EXPECT_FALSE(Digest::FromHex(hex.substr(1)));
  EXPECT_FALSE(Digest::FromHex(hex + "00"));
  EXPECT_FALSE(Digest::FromHex("g" + hex.substr(1)));
}

TEST(Password, IsVerifiedByItsHash) {
  const auto hash = HashPassword("correct horse");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
  EXPECT_TRUE(VerifyPassword(*hash, "correct horse"));
  EXPECT_FALSE(VerifyPassword(*hash, "correct horsf"));
  EXPECT_FALSE(VerifyPassword("", "correct horse"));
  EXPECT_FALSE(VerifyPassword("no hash", "correct horse"));
}

TEST(Password, HasALength) {
  EXPECT_FALSE(CheckNewPassword("1234567"));
  EXPECT_TRUE(CheckNewPassword("12345678"));
  EXPECT_TRUE(CheckNewPassword(std::string(1024, 'x')));
  EXPECT_FALSE(CheckNewPassword(std::string(1025, 'x')));
}

}  // namespace
}  // namespace tailrace
