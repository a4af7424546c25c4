#include "base/base64.h"

#include <gtest/gtest.h>

#include <iostream>

#include "base/random.h"

namespace tailrace {
namespace {

TEST(Base64, TheExamplesOfTheStandard) {  // RFC 4648 §10
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    std::string encoded = "before ";
    AppendBase64(encoded, bytes);
    EXPECT_EQ(encoded, "before " + std::string(text));
    std::string decoded = "old";
    EXPECT_TRUE(DecodeBase64(text, decoded));
    EXPECT_EQ(decoded, bytes);
  }
}

TEST(Base64, AnyBytesComeBack) {
  const uint64_t seed = SystemRandom().Next();
  std::cout << "seed " << seed << "\n";
  SeededRandom random(seed);
  for (size_t size = 0; size < 300; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random.Next()));
    std::string encoded, decoded;
    AppendBase64(encoded, bytes);
    ASSERT_TRUE(DecodeBase64(encoded, decoded)) << encoded;
    EXPECT_EQ(decoded, bytes);
  }
}

TEST(Base64, RefusesWhatItDoesNotWrite) {
  std::string out;
  for (const std::string_view bad :
       {"Z", "Zg", "Zg=", "Zm9", "Zm9v=", "====", "=", "Z===", "Zm=v",
        "Zg==Zg==", "Zh==", "Zm9=", "Zm 9v", "Zm9\n", "Zm9v\n\n\n\n", "Zm-_", "Zm9\xFF"}) {
    EXPECT_FALSE(DecodeBase64(bad, out)) << bad;
  }
  EXPECT_FALSE(DecodeBase64(std::string_view("\0\0\0\0", 4), out));
}

}  // namespace
}  // namespace tailrace
