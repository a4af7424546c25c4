#include "http/coding.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "base/random.h"

namespace tailrace {
namespace {

constexpr uint64_t kSeed = 7;

std::string Gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  std::string in(text);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string Encode(ContentCoding coding, std::string_view text) {
  switch (coding) {
    case ContentCoding::kGzip:
      return Gzip(text);
    case ContentCoding::kZstd:
      return Zstd(text);
    case ContentCoding::kIdentity:
      break;
  }
  return std::string(text);
}

struct Decoded {
  std::string text;
  std::optional<ErrorCode> error;
  bool operator==(const Decoded&) const = default;
};

Decoded Decode(ContentCoding coding, std::string_view in, uint64_t limit, size_t piece,
               size_t room) {
  const auto decoder = MakeContentDecoder(coding, limit);
  Decoded decoded;
  while (!in.empty()) {
    std::string_view part = in.substr(0, piece);
    in.remove_prefix(part.size());
    bool more = true;
    while (more) {
      const size_t before = decoded.text.size();
      Result<bool> result = decoder->Decode(part, decoded.text, room);
      EXPECT_LE(decoded.text.size() - before, room);
      if (!result) {
        decoded.error = result.error().code;
        return decoded;
      }
      more = *result;
    }
    EXPECT_TRUE(part.empty());
  }
  if (Result<void> finished = decoder->Finish(); !finished) decoded.error = finished.error().code;
  return decoded;
}

Decoded DecodeAllWays(ContentCoding coding, std::string_view in, uint64_t limit = UINT64_MAX) {
  const Decoded whole = Decode(coding, in, limit, in.size() + 1, 1 << 16);
  for (const size_t piece : {1u, 5u, 1000u}) {
    for (const size_t room : {1u, 7u, 4096u}) {
      const Decoded cut = Decode(coding, in, limit, piece, room);
      EXPECT_EQ(cut.error, whole.error) << piece << " " << room;
      if (!whole.error) {
        EXPECT_EQ(cut.text, whole.text) << piece << " " << room;
      }
    }
  }
  return whole;
}

class Coding : public testing::TestWithParam<ContentCoding> {
 protected:
  // Half of it compresses well, half does not.
  static std::string Text() {
    SeededRandom random(kSeed);
    std::string text(3000, 'a');
    for (int i = 0; i < 3000; ++i) text.push_back(static_cast<char>(random.Next()));
    return text;
  }
};

INSTANTIATE_TEST_SUITE_P(All, Coding,
                         testing::Values(ContentCoding::kIdentity, ContentCoding::kGzip,
                                         ContentCoding::kZstd),
                         [](const auto& each) {
                           return std::string(ContentCodingName(each.param));
                         });

// Those with a form of their own, which can be broken.
class RealCoding : public Coding {};

INSTANTIATE_TEST_SUITE_P(All, RealCoding,
                         testing::Values(ContentCoding::kGzip, ContentCoding::kZstd),
                         [](const auto& each) {
                           return std::string(ContentCodingName(each.param));
                         });

TEST_P(Coding, ComesBack) {
  EXPECT_EQ(DecodeAllWays(GetParam(), Encode(GetParam(), Text())), (Decoded{Text(), {}}));
  EXPECT_EQ(DecodeAllWays(GetParam(), Encode(GetParam(), "")), (Decoded{"", {}}));
}

TEST_P(Coding, SeveralMembersAreOneText) {
  const std::string two =
      Encode(GetParam(), "one") + Encode(GetParam(), "") + Encode(GetParam(), "two");
  EXPECT_EQ(DecodeAllWays(GetParam(), two), (Decoded{"onetwo", {}}));
}

TEST_P(Coding, LimitIsExact) {
  const std::string coded = Encode(GetParam(), Text());
  EXPECT_EQ(DecodeAllWays(GetParam(), coded, Text().size()), (Decoded{Text(), {}}));
  const Decoded cut = DecodeAllWays(GetParam(), coded, Text().size() - 1);
  EXPECT_EQ(cut.error, ErrorCode::kTooLarge);
  EXPECT_LE(cut.text.size(), Text().size() - 1);
}

TEST_P(RealCoding, EveryCutIsSeen) {
  const std::string coded = Encode(GetParam(), "some text that is long enough to be coded");
  for (size_t size = 0; size < coded.size(); ++size) {
    const std::string_view cut = std::string_view(coded).substr(0, size);
    EXPECT_EQ(Decode(GetParam(), cut, UINT64_MAX, 1000, 1000).error, ErrorCode::kInvalid) << size;
    EXPECT_EQ(Decode(GetParam(), coded + std::string(cut), UINT64_MAX, 1, 9).error.has_value(),
              size > 0)
        << size;
  }
}

TEST_P(RealCoding, RubbishIsRefused) {
  EXPECT_EQ(DecodeAllWays(GetParam(), "this is plain text").error, ErrorCode::kInvalid);
  std::string coded = Encode(GetParam(), Text());
  EXPECT_EQ(DecodeAllWays(GetParam(), coded + "rubbish!").error, ErrorCode::kInvalid);
}

TEST(CodingLimits, ABombStopsAtTheLimit) {
  const std::string bomb(50 << 20, '\0');
  for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kZstd}) {
    const std::string coded = Encode(coding, bomb);
    ASSERT_LT(coded.size(), size_t{100'000});
    const Decoded decoded = Decode(coding, coded, 1 << 20, coded.size(), 64 << 10);
    EXPECT_EQ(decoded.error, ErrorCode::kTooLarge);
    EXPECT_LE(decoded.text.size(), size_t{1} << 20);
  }
}

// Found by fuzzing: a frame of zstd 0.7, which is none of RFC 8878, ended well when it came whole
// and badly when it came in pieces.
TEST(CodingLimits, OldZstdFormatsAreRefused) {
  const std::string old("\x27\xb5\x2f\xfd\0\0\0\0\0", 9);
  EXPECT_EQ(DecodeAllWays(ContentCoding::kZstd, old).error, ErrorCode::kInvalid);
  EXPECT_EQ(DecodeAllWays(ContentCoding::kZstd, Zstd("new") + old).error, ErrorCode::kInvalid);
}

TEST(CodingLimits, SkippableZstdFramesAreSkipped) {
  const std::string skipped("\x5f\x2a\x4d\x18\x03\0\0\0abc", 11);
  const Decoded decoded = DecodeAllWays(ContentCoding::kZstd, skipped + Zstd("text") + skipped);
  EXPECT_EQ(decoded, (Decoded{"text", std::nullopt}));
}

TEST(CodingLimits, ZlibAndRawDeflateAreNotGzip) {
  EXPECT_EQ(DecodeAllWays(ContentCoding::kGzip, "\x78\x9c\x03\x00\x00\x00\x00\x01").error,
            ErrorCode::kInvalid);
}

}  // namespace
}  // namespace tailrace
