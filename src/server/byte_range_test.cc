#include "server/byte_range.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

void ExpectRange(std::string_view field, uint64_t first, uint64_t last) {
  const RangeChoice choice = ChooseByteRange(field, 100);
  ASSERT_TRUE(choice.range) << field;
  EXPECT_EQ(choice.range->first, first) << field;
  EXPECT_EQ(choice.range->last, last) << field;
}

TEST(ByteRange, ReadsTheThreeForms) {
  ExpectRange("bytes=0-9", 0, 9);
  ExpectRange("bytes=90-200", 90, 99);
  ExpectRange("bytes=99-", 99, 99);
  ExpectRange("bytes=-10", 90, 99);
  ExpectRange("bytes=-1000", 0, 99);
}

TEST(ByteRange, WhatLiesBehindTheEndCannotBeSatisfied) {
  for (const char* field : {"bytes=100-", "bytes=100-200", "bytes=-0"}) {
    EXPECT_TRUE(ChooseByteRange(field, 100).unsatisfiable) << field;
  }
  EXPECT_TRUE(ChooseByteRange("bytes=-5", 0).unsatisfiable);
}

TEST(ByteRange, OthersAreIgnored) {
  for (const char* field : {"", "lines=0-9", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-0",
                            "bytes=0-1,5-6", "bytes=0-x"}) {
    const RangeChoice choice = ChooseByteRange(field, 100);
    EXPECT_FALSE(choice.range) << field;
    EXPECT_FALSE(choice.unsatisfiable) << field;
  }
}

}  // namespace
}  // namespace tailrace
