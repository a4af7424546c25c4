#include "http/stream_coding.h"

#include <gtest/gtest.h>

#include <thread>

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

TEST(StreamCoding, LinesGetSmaller) {
  const std::string lines = Parts()[3];
  std::string gzip, zstd;
  AppendGzipPart(gzip, lines);
  AppendZstdFrame(zstd, lines);
  EXPECT_LT(gzip.size() * 4, lines.size());
  EXPECT_LT(zstd.size() * 4, lines.size());
}

TEST(StreamCoding, WhatDoesNotGetSmallerCostsAFewBytes) {
  const std::string noise = Parts()[4];
  for (const size_t size : {1u, 95u, 96u, 1000u, 65'535u, 65'536u, 200'000u}) {
    const std::string plain = noise.substr(0, size);
    std::string gzip, zstd;
    AppendGzipPart(gzip, plain);
    AppendZstdFrame(zstd, plain);
    EXPECT_LE(gzip.size(), size + 5 * (2 + size / 65'535)) << size;
    EXPECT_LE(zstd.size(), size + 12 + 3 * (1 + size / 16'384)) << size;
  }
}

// Go's decoder shows what it has when it meets an empty stored block, and not before.
TEST(StreamCoding, EveryGzipPartEndsWithAFlush) {
  constexpr std::string_view kFlush("\0\0\xff\xff", 4);
  for (const std::string& plain : Parts()) {
    std::string gzip;
    AppendGzipPart(gzip, plain);
    EXPECT_TRUE(gzip.ends_with(kFlush)) << plain.size();
  }
}

// A viewer that was sent half of a part goes on after it was made again, by whichever thread.
TEST(StreamCoding, EqualTextGivesEqualBytesWhateverWasCompressedBefore) {
  constexpr uint64_t kSeed = 7;
  SeededRandom random(kSeed);
  std::string pool;
  while (pool.size() < 300'000) {
    pool += "level=" + std::to_string(random.Between(0, 3)) + " request " +
            std::to_string(random.Between(0, 100'000)) + (random.Next() % 2 ? " ok\n" : " slow\n");
  }
  std::vector<std::string> parts, gzip(60), zstd(60);
  for (size_t i = 0; i < gzip.size(); ++i) {
    const size_t size = random.Between(1, i % 10 == 0 ? 250'000 : 5'000);
    parts.push_back(pool.substr(random.Between(0, pool.size() - size), size));
    // Each by a compressor that has seen nothing.
    std::thread([&] {
      AppendGzipPart(gzip[i], parts[i]);
      AppendZstdFrame(zstd[i], parts[i]);
    }).join();
  }
  for (int round = 0; round < 200; ++round) {
    const size_t i = random.Between(0, parts.size() - 1);
    std::string gzip_again, zstd_again;
    AppendGzipPart(gzip_again, parts[i]);
    AppendZstdFrame(zstd_again, parts[i]);
    ASSERT_EQ(gzip_again, gzip[i]) << "seed " << kSeed;
    ASSERT_EQ(zstd_again, zstd[i]) << "seed " << kSeed;
  }
}

// A proxy that cuts often must not keep a client from getting on.
TEST(StreamCoding, NoDecoderNeedsMuchToGoOn) {
  const std::string text = Parts()[3];
  for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kZstd}) {
    std::string bytes, decoded;
    if (coding == ContentCoding::kGzip) {
      AppendGzipStart(bytes);
      AppendGzipPart(bytes, text);
    } else {
      AppendZstdFrame(bytes, text);
    }
    const auto decoder = MakeContentDecoder(coding, UINT64_MAX);
    size_t largest = 0;
    for (const char byte : bytes) {
      std::string_view in(&byte, 1);
      const size_t before = decoded.size();
      while (*decoder->Decode(in, decoded, 1 << 16)) {
      }
      largest = std::max(largest, decoded.size() - before);
    }
    ASSERT_TRUE(decoded == text);
    EXPECT_LE(largest, 16u << 10);
  }
}

// Nothing that comes later is needed to see the last line of a part.
TEST(StreamCoding, APartCanBeDecodedAsSoonAsItHasCome) {
  std::string bytes, plain, decoded;
  const auto decoder = MakeContentDecoder(ContentCoding::kGzip, UINT64_MAX);
  const auto zstd_decoder = MakeContentDecoder(ContentCoding::kZstd, UINT64_MAX);
  AppendGzipStart(bytes);
  for (const std::string& part : Parts()) {
    plain += part;
    AppendGzipPart(bytes, part);
    std::string_view rest = bytes;
    while (*decoder->Decode(rest, decoded, 1 << 16)) {
    }
    ASSERT_EQ(decoded, plain);
    bytes.clear();
    std::string frame, of_frame;
    AppendZstdFrame(frame, part);
    rest = frame;
    while (*zstd_decoder->Decode(rest, of_frame, 1 << 16)) {
    }
    ASSERT_EQ(of_frame, part);
  }
}

}  // namespace
}  // namespace tailrace
