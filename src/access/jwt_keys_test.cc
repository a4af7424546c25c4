#include "access/jwt_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using testing::HasSubstr;

// What is asked stays unanswered.
class Silent final : public HttpFetcher {
 public:
  void Fetch(FetchRequest /*request*/, Done /*done*/) override {}
};

Result<std::unique_ptr<JwtKeys>> Make(const std::string& keys) {
  const JwtConfig config{.keys = keys, .issuer = "https://issuer.test", .audience = {"a"}};
  return JwtKeys::Make(config, std::make_unique<Silent>(), [] { return uint64_t{1}; });
}

TEST(JwtKeys, FilesThatCannotBeUsed) {
  const auto made = Make("/nowhere/keys.json");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "jwt.keys: /nowhere/keys.json: cannot be read");
  EXPECT_FALSE(Make("/dev/null"));
}

TEST(JwtKeys, InClearTextFromThisMachineOnly) {
  for (const char* url : {"https://issuer.test/keys", "http://127.0.0.1:8000/keys",
                          "http://localhost/keys", "http://[::1]:8000/keys", "http://127.0.0.1"}) {
    EXPECT_TRUE(Make(url)) << url;
  }
  for (const char* url :
       {"http://issuer.test/keys", "http://localhost.issuer.test/", "http://127.0.0.1.nip.test/",
        "http://127.0.0.1:80@issuer.test/", "http://localhost@issuer.test/", "http://127.0.0.2/",
        "http://", "http://[::1]@issuer.test/"}) {
    const auto made = Make(url);
    ASSERT_FALSE(made) << url;
    EXPECT_THAT(made.error().message, HasSubstr("must be https"));
  }
}

TEST(JwtKeys, IssuerAndAudienceMustBeGiven) {
  const auto refusal = [](const JwtConfig& config) {
    const auto made = JwtKeys::Make(config, nullptr, [] { return uint64_t{1}; });
    EXPECT_FALSE(made);
    return made.error().message;
  };
  EXPECT_EQ(refusal({.keys = "https://x/", .audience = {"a"}}), "jwt.issuer: must be given");
  EXPECT_EQ(refusal({.keys = "https://x/", .issuer = "i"}), "jwt.audience: must be given");
}

}  // namespace
}  // namespace tailrace
