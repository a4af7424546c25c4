#include "http/stream_coding.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "http/coding.h"

namespace tailrace {
namespace {

std::string Decoded(ContentCoding coding, std::string_view bytes) {
  const auto decoder = MakeContentDecoder(coding, UINT64_MAX);
  std::string plain;
  for (bool more = true; more;) {
    const Result<bool> decoded = decoder->Decode(bytes, plain, 1 << 20);
    if (!decoded) return "error: " + decoded.error().message;
    more = *decoded;
  }
  if (const Result<void> finished = decoder->Finish(); !finished) {
    return "error: " + finished.error().message;
  }
  return plain;
}

std::vector<std::string> Parts() {
  std::vector<std::string> parts = {"data: a\n\n", std::string(95, 'x'), std::string(96, 'y')};
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "data: line " + std::to_string(i) + "\n\n";
  parts.push_back(lines);
  SeededRandom random(1);
  std::string noise(200'000, '\0');
  for (char& c : noise) c = static_cast<char>(random.Next());
  parts.push_back(noise);
  return parts;
}

TEST(StreamCoding, GzipPartsJoinInAnyOrderToOneMember) {
  const std::vector<std::string> parts = Parts();
  for (size_t first = 0; first < parts.size(); ++first) {
    std::string bytes, plain;
    PlainSum sum;
    AppendGzipStart(bytes);
    for (size_t i = 0; i < 2 * parts.size(); ++i) {
      const std::string& part = parts[(first + i * 3) % parts.size()];
      plain += part;
      AppendGzipPart(bytes, part);
      sum = JoinSums(sum, SumOf(part));
    }
    AppendGzipEnd(bytes, sum);
    EXPECT_EQ(Decoded(ContentCoding::kGzip, bytes), plain);
  }
}

TEST(StreamCoding, AWrongSumIsNoticedByTheReader) {
  std::string bytes;
  AppendGzipStart(bytes);
  AppendGzipPart(bytes, "data: a\n\n");
  AppendGzipEnd(bytes, SumOf("data: b\n\n"));
  EXPECT_TRUE(Decoded(ContentCoding::kGzip, bytes).starts_with("error:"));
}

TEST(StreamCoding, ZstdFramesJoin) {
  std::string bytes, plain;
  for (const std::string& part : Parts()) {
    plain += part;
    AppendZstdFrame(bytes, part);
  }
  EXPECT_EQ(Decoded(ContentCoding::kZstd, bytes), plain);
}

TEST(StreamCoding, LinesGetSmallerAndEqualTextGivesEqualBytes) {
  const std::string lines = Parts()[3];
  std::string gzip, again, zstd;
  AppendGzipPart(gzip, lines);
  AppendGzipPart(again,
                 "something else in between, which must leave no trace in the compressor..."
                 "and is longer than what is stored");
  again.clear();
  AppendGzipPart(again, lines);
  AppendZstdFrame(zstd, lines);
  EXPECT_EQ(gzip, again);
  EXPECT_LT(gzip.size() * 4, lines.size());
  EXPECT_LT(zstd.size() * 4, lines.size());
}

}  // namespace
}  // namespace tailrace
