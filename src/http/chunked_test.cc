#include "http/chunked.h"

#include <gtest/gtest.h>

#include <string>

namespace tailrace {
namespace {

using Status = ChunkedDecoder::Status;

struct Decoded {
  std::string data;
  Status status = Status::kMore;
  std::string rest;  // what was not consumed
};

Decoded Decode(std::string_view input, const ChunkedLimits& limits = {}) {
  ChunkedDecoder decoder;
  Decoded decoded;
  std::string_view data;
  do {
    decoded.status = decoder.Next(input, data, limits);
    if (decoded.status == Status::kData) decoded.data.append(data);
  } while (decoded.status == Status::kData);
  decoded.rest = input;
  return decoded;
}

TEST(Chunked, StopsBehindTheBody) {
  const Decoded decoded = Decode("2\r\nab\r\n1\r\nc\r\n0\r\n\r\nGET /");
  EXPECT_EQ(decoded.status, Status::kDone);
  EXPECT_EQ(decoded.data, "abc");
  EXPECT_EQ(decoded.rest, "GET /");
}

TEST(Chunked, SizesUpToSixtyBits) {
  EXPECT_EQ(Decode("0fffffffffffffff\r\n").status, Status::kMore);
  EXPECT_EQ(Decode("fffffffffffffff\r\nx").data, "x");
  EXPECT_EQ(Decode("1000000000000000\r\n").status, Status::kBad);
}

TEST(Chunked, LimitsAreExact) {
  const ChunkedLimits limits{.extension_bytes = 3, .trailer_bytes = 4};
  EXPECT_EQ(Decode("0;ab\r\n\r\n", limits).status, Status::kDone);
  EXPECT_EQ(Decode("0;abc\r\n\r\n", limits).status, Status::kDone);
  EXPECT_EQ(Decode("0;abcd\r\n\r\n", limits).status, Status::kBad);
  EXPECT_EQ(Decode("0\r\nX:y\r\n\r\n", limits).status, Status::kDone);
  EXPECT_EQ(Decode("0\r\nX:yz\r\n\r\n", limits).status, Status::kTooLarge);
}

TEST(Chunked, SaysWhatIsWrong) {
  ChunkedDecoder decoder;
  std::string_view input = "3\r\nabcd";
  std::string_view data;
  EXPECT_EQ(decoder.Next(input, data, {}), Status::kData);
  EXPECT_EQ(decoder.Next(input, data, {}), Status::kBad);
  EXPECT_STREQ(decoder.Reason(), "a chunk is longer than its size says");
}

}  // namespace
}  // namespace tailrace
