#include "access/group_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(GroupList, SortedWithoutBlanksAndRepetitions) {
  std::vector<std::string> groups = {"old"};
  ASSERT_TRUE(TakeGroupList(" ops,dev ,,ops, a b ", groups));
  EXPECT_THAT(groups, ElementsAre("a b", "dev", "ops"));
  ASSERT_TRUE(TakeGroupList("", groups));
  EXPECT_THAT(groups, IsEmpty());
}

TEST(GroupList, WhatIsNoNameIsRefused) {
  std::vector<std::string> groups;
  std::string user;
  for (const std::string& wrong : {std::string("a\nb"), std::string("a\0b", 3), std::string("\xff"),
                                   std::string("\x7f"), std::string(kMaxUserBytes + 1, 'x')}) {
    EXPECT_FALSE(TakeGroupList("ok," + wrong, groups));
    EXPECT_FALSE(TakeUserName(wrong, user));
  }
  EXPECT_TRUE(TakeUserName(std::string(kMaxUserBytes, 'x'), user));
  EXPECT_TRUE(TakeUserName(" J\xc3\xb6rg ", user));
  EXPECT_EQ(user, "J\xc3\xb6rg");
}

TEST(GroupList, NoMoreThanTheLimit) {
  std::string list;
  for (size_t i = 0; i < kMaxGroups; ++i) list += "g" + std::to_string(i) + ",";
  std::vector<std::string> groups;
  EXPECT_TRUE(TakeGroupList(list, groups));
  EXPECT_EQ(groups.size(), kMaxGroups);
  EXPECT_FALSE(TakeGroupList(list + "more", groups));
}

}  // namespace
}  // namespace tailrace
