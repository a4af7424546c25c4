#include "base/bytes.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(Bytes, VarintsComeBack) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{300}, uint64_t{1} << 32, UINT64_MAX}) {
    std::string bytes;
    AppendVarint(bytes, value);
    std::string_view in = bytes;
    uint64_t read = 0;
    ASSERT_TRUE(TakeVarint(in, read));
    EXPECT_EQ(read, value);
    EXPECT_TRUE(in.empty());
  }
}

TEST(Bytes, VarintCutOrTooLongIsRefused) {
  std::string bytes;
  AppendVarint(bytes, UINT64_MAX);
  uint64_t value = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string_view in(bytes.data(), size);
    EXPECT_FALSE(TakeVarint(in, value)) << size;
  }
  bytes.back() = 2;  // bit 64
  std::string_view in = bytes;
  EXPECT_FALSE(TakeVarint(in, value));
}

TEST(Bytes, BigEndianSortsAsTheNumber) {
  std::string small, large;
  AppendBigEndian64(small, 255);
  AppendBigEndian64(large, 256);
  EXPECT_LT(small, large);
  std::string_view in = large;
  uint64_t value = 0;
  ASSERT_TRUE(TakeBigEndian64(in, value));
  EXPECT_EQ(value, 256u);
  EXPECT_FALSE(TakeBigEndian64(in, value));
}

TEST(Bytes, SizedTextIsBoundedByItsInput) {
  std::string bytes;
  AppendSized(bytes, "abc");
  std::string_view in = bytes, text;
  ASSERT_TRUE(TakeSized(in, text));
  EXPECT_EQ(text, "abc");
  bytes.pop_back();
  in = bytes;
  EXPECT_FALSE(TakeSized(in, text));
}

}  // namespace
}  // namespace tailrace
