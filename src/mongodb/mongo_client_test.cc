#include "mongodb/mongo_client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <unistd.h>
#include <filesystem>

#include <filesystem>

namespace tailrace {
namespace {

TEST(MaskPassword, HidesItAndNothingElse) {
  EXPECT_EQ(MaskPassword("mongodb://u:secret@h:1/db"), "mongodb://u:***@h:1/db");
  EXPECT_EQ(MaskPassword("mongodb://u:se:c@ret@h:1/db"), "mongodb://u:***@h:1/db");
  EXPECT_EQ(MaskPassword("mongodb://h:1/db"), "mongodb://h:1/db");
  EXPECT_EQ(MaskPassword("mongodb://u@h:1/db"), "mongodb://u@h:1/db");
  EXPECT_EQ(MaskPassword("u:secret@h"), "u:***@h");
  EXPECT_EQ(MaskPassword(""), "");
}

TEST(MongoAddress, IsChecked) {
  EXPECT_TRUE(CheckMongoAddress({"mongodb://127.0.0.1:27017/?directConnection=true"}));
  const auto bad = CheckMongoAddress({"mongo//u:secret@h:1/"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(bad.error().message.find("secret"), std::string::npos);
  for (const char* const name : {"", "a b", "a/b", "$a"}) {
    EXPECT_FALSE(CheckMongoAddress({"mongodb://h/", name, "c"})) << name;
  }
  for (const char* const name : {"", "$a", ".a"}) {
    EXPECT_FALSE(CheckMongoAddress({"mongodb://h/", "d", name})) << name;
  }
}

// A port of the machine itself that nobody listens on.
TEST(MongoClient, TellsThatNobodyIsThere) {
  auto client = MongoClient::Make({"mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"});
  ASSERT_TRUE(client);
  const auto hello = (*client)->Hello();
  ASSERT_FALSE(hello);
  EXPECT_EQ(hello.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tailrace
