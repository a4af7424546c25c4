#include "bench/load/body_decoder.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace tailrace::bench {
namespace {

const std::string kText = [] {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text.append("line ").append(std::to_string(i)).append("\n");
  return text;
}();

std::string Gzip(std::string text) {
  std::string out(compressBound(text.size()) + 32, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

void ExpectDecodes(std::string_view coding, const std::string& coded, const std::string& plain) {
  for (const size_t step : {size_t{1}, size_t{1000}, coded.size()}) {
    const auto decoder = BodyDecoder::For(coding);
    std::string out;
    for (size_t at = 0; at < coded.size(); at += step) {
      ASSERT_TRUE(decoder->Decode(std::string_view(coded).substr(at, step), out));
    }
    EXPECT_EQ(out, plain) << coding << " in steps of " << step;
    EXPECT_TRUE(decoder->AtEnd());
  }
}

TEST(BodyDecoder, DecodesHoweverItIsCut) {
  ExpectDecodes("gzip", Gzip(kText), kText);
  ExpectDecodes("zstd", Zstd(kText), kText);
  ExpectDecodes("zstd", Zstd(kText) + Zstd("more"), kText + "more");
}

TEST(BodyDecoder, KnowsWhatWasCutOrDamaged) {
  for (const std::string coding : {"gzip", "zstd"}) {
    std::string coded = coding == "gzip" ? Gzip(kText) : Zstd(kText);
    std::string out;
    const auto cut = BodyDecoder::For(coding);
    EXPECT_TRUE(cut->Decode(std::string_view(coded).substr(0, coded.size() - 1), out));
    EXPECT_FALSE(cut->AtEnd()) << coding;
    coded[0] ^= 1;
    EXPECT_FALSE(BodyDecoder::For(coding)->Decode(coded, out)) << coding;
  }
  // Browsers read one member only.
  std::string out;
  EXPECT_FALSE(BodyDecoder::For("gzip")->Decode(Gzip("one") + Gzip("two"), out));
}

TEST(BodyDecoder, KnowsNoOtherCoding) {
  EXPECT_EQ(BodyDecoder::For("br"), nullptr);
}

}  // namespace
}  // namespace tailrace::bench
