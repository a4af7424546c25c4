#include "ingest/json_reader.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(JsonReader, KindsOfMembers) {
  JsonReader reader(8);
  std::vector<JsonMember> members;
  ASSERT_TRUE(reader.Parse(R"({"a":null,"b":true,"c":-1,"d":18446744073709551615,"e":1.5,)"
                           R"("f":"\u0000x","g":[1, 2],"h":{"i":"j"},"a":5})",
                           members));
  ASSERT_EQ(members.size(), 9u);
  const JsonKind kinds[] = {JsonKind::kNull,         JsonKind::kBool,   JsonKind::kInteger,
                            JsonKind::kLargeInteger, JsonKind::kDouble, JsonKind::kString,
                            JsonKind::kArray,        JsonKind::kObject, JsonKind::kInteger};
  for (size_t i = 0; i < members.size(); ++i) EXPECT_EQ(members[i].kind, kinds[i]) << i;
  EXPECT_TRUE(members[1].boolean);
  EXPECT_EQ(members[2].integer, -1);
  EXPECT_EQ(members[5].text, std::string_view("\0x", 2));
  std::string out;
  for (const size_t i : {0, 3, 5, 6, 7}) reader.AppendValue(members[i], out);
  EXPECT_EQ(out, R"(null18446744073709551615"\u0000x"[1,2]{"i":"j"})");
  const JsonMember object = members[7];
  members.clear();
  reader.AppendMembers(object, members);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].key, "i");
  EXPECT_EQ(members[0].text, "j");
}

// A large object makes the reader give its memory back before the next one; depth stays limited.
TEST(JsonReader, LargeAndSmallInTurn) {
  JsonReader reader(2);
  std::vector<JsonMember> members;
  const std::string large = R"({"a":")" + std::string(1 << 20, 'x') + "\"}";
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(reader.Parse(large, members));
    EXPECT_EQ(members[0].text.size(), size_t{1} << 20);
    ASSERT_TRUE(reader.Parse(R"({"a":"b"})", members));
    EXPECT_EQ(members[0].text, "b");
    EXPECT_TRUE(reader.Parse(R"({"a":[1]})", members));
    EXPECT_EQ(reader.Parse(R"({"a":[[1]]})", members).error().message, "is nested too deeply");
  }
}

TEST(JsonReader, GoesOnAfterAnError) {
  JsonReader reader(4);
  std::vector<JsonMember> members;
  EXPECT_FALSE(reader.Parse("{", members));
  EXPECT_FALSE(reader.Parse("", members));
  EXPECT_FALSE(reader.Parse("7", members));
  EXPECT_TRUE(reader.Parse("{}", members));
  EXPECT_TRUE(members.empty());
}

}  // namespace
}  // namespace tailrace
