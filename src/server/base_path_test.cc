#include "server/base_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(BasePath, IsEmptyOrAPathWithoutItsLastSlash) {
  for (const std::string_view base : {"", "/tailrace", "/a/b-c_d.e~f"}) {
    EXPECT_TRUE(CheckBasePath(base)) << base;
  }
  for (const std::string_view base : {"tailrace", "/", "/a/", "/a//b", "//a", "/..", "/a/../b",
                                      "/a/.", "/a b", "/a%20", "/\"><script>", "https://x/a"}) {
    const auto checked = CheckBasePath(base);
    ASSERT_FALSE(checked) << base;
    EXPECT_EQ(checked.error().field, "base_path");
  }
}

TEST(BasePath, IsTakenOffWholeSegments) {
  EXPECT_EQ(WithoutBase("/tailrace/api", "/tailrace"), "/api");
  EXPECT_EQ(WithoutBase("/tailrace/", "/tailrace"), "/");
  EXPECT_EQ(WithoutBase("/tailrace/tailrace/", "/tailrace"), "/tailrace/");
  EXPECT_EQ(WithoutBase("/tailrace", "/tailrace"), "/tailrace");
  EXPECT_EQ(WithoutBase("/tailraces/api", "/tailrace"), "/tailraces/api");
  EXPECT_EQ(WithoutBase("/healthz", "/tailrace"), "/healthz");
  EXPECT_EQ(WithoutBase("/healthz", ""), "/healthz");
  EXPECT_EQ(WithoutBase("*", "/tailrace"), "*");
}

TEST(BasePath, ThePageKnowsIt) {
  const IndexPage page("/tailrace");
  const Asset with = page.asset();
  const Asset without = IndexPage("").asset();
  EXPECT_EQ(without.bytes, FindAsset("/index.html")->bytes);
  EXPECT_NE(with.etag, without.etag);
  EXPECT_TRUE(with.etag.starts_with("W/\"") && with.etag.ends_with('"'));
  EXPECT_TRUE(with.gzip_bytes.empty());
  EXPECT_THAT(std::string(with.bytes), Not(HasSubstr("\"/assets/")));
  if (without.bytes.contains("\"/assets/")) {  // built with the pages
    EXPECT_THAT(std::string(with.bytes), HasSubstr("\"/tailrace/assets/"));
    EXPECT_THAT(std::string(with.bytes), HasSubstr("content=\"/tailrace\""));
  }
}

}  // namespace
}  // namespace tailrace
