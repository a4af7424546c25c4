#include "log/log_key.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(LogKey, AcceptsTheNamesOfTheContract) {
  EXPECT_TRUE(MakeLogKey("deploy", "42"));
  EXPECT_TRUE(MakeLogKey("A.b_c-1", "ns.web:3~x"));
  EXPECT_TRUE(MakeLogKey(std::string(64, 'a'), std::string(128, 'b')));
}

TEST(LogKey, RefusesOthersAndNamesTheField) {
  for (const auto& [type, id] : {std::pair<std::string, std::string>{"", "1"},
                                 {".a", "1"},
                                 {"a/b", "1"},
                                 {"a:b", "1"},
                                 {std::string(65, 'a'), "1"}}) {
    const auto key = MakeLogKey(type, id);
    ASSERT_FALSE(key) << type;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(key.error().message.starts_with("type:")) << key.error().message;
    EXPECT_EQ(key.error().field, "type");
  }
  for (const std::string id : {"", "-1", "a b", "a/b", "\xC3\xA9"}) {
    const auto key = MakeLogKey("deploy", id);
    ASSERT_FALSE(key) << id;
    EXPECT_TRUE(key.error().message.starts_with("id:")) << key.error().message;
    EXPECT_EQ(key.error().field, "id");
  }
  EXPECT_FALSE(MakeLogKey("deploy", std::string(129, 'b')));
}

TEST(LogKey, ReadsPaths) {
  EXPECT_EQ(ParseLogKey("deploy/42")->Path(), "deploy/42");
  EXPECT_FALSE(ParseLogKey("deploy"));
  EXPECT_FALSE(ParseLogKey("deploy/4/2"));
}

}  // namespace
}  // namespace tailrace
