#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tailrace {
namespace {

// One bit at a time, by the definition.
uint32_t Defined(std::string_view data) {
  uint32_t crc = UINT32_MAX;
  for (const char byte : data) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
  }
  return ~crc;
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(ExtendCrc32c(0, ""), 0u);
  EXPECT_EQ(ExtendCrc32c(0, "123456789"), 0xE3069283u);
  EXPECT_EQ(ExtendCrc32c(0, std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720 §B.4
  EXPECT_EQ(ExtendCrc32c(0, std::string(32, '\xff')), 0x62A8AB43u);
}

TEST(Crc32c, WholeAndInTwoParts) {
  std::string data;
  for (int i = 0; i < 70; ++i) {
    for (size_t cut = 0; cut <= data.size(); ++cut) {
      const std::string_view all = data;
      EXPECT_EQ(ExtendCrc32c(ExtendCrc32c(0, all.substr(0, cut)), all.substr(cut)), Defined(all));
    }
    data.push_back(static_cast<char>(i * 37));
  }
}

// Long ones are computed in lanes that are put together.
TEST(Crc32c, LongOnes) {
  std::string data;
  for (int i = 0; i < 20'000; ++i) data.push_back(static_cast<char>(i * i >> 3));
  const std::string_view all = data;
  for (const size_t size : {1023, 1024, 3071, 3072, 3073, 3080, 6143, 6144, 9999, 20'000}) {
    EXPECT_EQ(ExtendCrc32c(0, all.substr(0, size)), Defined(all.substr(0, size))) << size;
    EXPECT_EQ(ExtendCrc32c(ExtendCrc32c(0, all.substr(0, 7)), all.substr(7, size)),
              Defined(all.substr(0, std::min(all.size(), size + 7))));
  }
}

}  // namespace
}  // namespace tailrace
