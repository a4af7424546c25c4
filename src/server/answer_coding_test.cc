#include "server/answer_coding.h"

#include <gtest/gtest.h>

#include <vector>

#include "http/coding.h"

namespace tailrace {
namespace {

constexpr ContentCoding kGzip = ContentCoding::kGzip;
constexpr ContentCoding kZstd = ContentCoding::kZstd;
constexpr ContentCoding kIdentity = ContentCoding::kIdentity;

class PieceSource final : public BodySource {
 public:
  explicit PieceSource(std::vector<std::string> pieces, bool fails = false)
      : pieces_(std::move(pieces)), fails_(fails) {}

  Result<std::string> Next() override {
    if (next_ < pieces_.size()) return pieces_[next_++];
    if (fails_) return Fail(ErrorCode::kUnavailable, "the disk is gone");
    return std::string();
  }

 private:
  std::vector<std::string> pieces_;
  size_t next_ = 0;
  bool fails_;
};

// Byte by byte, as a network may bring it.
std::string Decoded(ContentCoding coding, const std::string& bytes) {
  const auto decoder = MakeContentDecoder(coding, UINT64_MAX);
  std::string plain;
  for (const char byte : bytes) {
    std::string_view in(&byte, 1);
    for (bool more = true; more;) {
      const Result<bool> decoded = decoder->Decode(in, plain, 1 << 16);
      if (!decoded) return "error: " + decoded.error().message;
      more = *decoded;
    }
  }
  const Result<void> finished = decoder->Finish();
  return finished ? plain : "error: " + finished.error().message;
}

Answer Encoded(std::string body, ContentCoding coding, int status = 200) {
  Answer answer = MakeAnswer(status, "application/json", std::move(body));
  answer.headers.Add("Vary", "Accept");
  answer.headers.Add("ETag", "\"a.1\"");
  answer.headers.Add("Accept-Ranges", "bytes");
  return EncodeAnswer(std::move(answer), coding);
}

TEST(EncodeAnswer, CompressesABodyAndSaysSo) {
  const std::string body(5000, 'x');
  for (const ContentCoding coding : {kGzip, kZstd}) {
    const Answer answer = Encoded(body, coding);
    EXPECT_LT(answer.body.size(), 200u);
    EXPECT_EQ(Decoded(coding, answer.body), body);
    EXPECT_EQ(answer.headers.Find("Content-Encoding"), ContentCodingName(coding));
    EXPECT_EQ(answer.headers.Joined("Vary"), "Accept, Accept-Encoding");
    EXPECT_EQ(answer.headers.Count("Vary"), 1u);
    EXPECT_EQ(answer.headers.Find("Accept-Ranges"), "none");
    EXPECT_EQ(answer.headers.Find("Content-Type"), "application/json");
    EXPECT_EQ(answer.headers.Find("ETag"), CodedEtag("\"a.1\"", coding));
  }
}

TEST(EncodeAnswer, LeavesPlainWhatIsSmallOrNotWantedOrNo200) {
  for (const Answer& answer :
       {Encoded(std::string(kMinCodedBytes - 1, 'x'), kGzip),
        Encoded(std::string(5000, 'x'), kIdentity), Encoded(std::string(5000, 'x'), kGzip, 206)}) {
    EXPECT_FALSE(answer.headers.Has("Content-Encoding"));
    EXPECT_EQ(answer.body, std::string(answer.body.size(), 'x'));
    EXPECT_EQ(answer.headers.Find("ETag"), "\"a.1\"");
    EXPECT_EQ(answer.headers.Find("Accept-Ranges"), "bytes");
    EXPECT_EQ(answer.headers.Joined("Vary"), "Accept, Accept-Encoding");
  }
  EXPECT_TRUE(Encoded(std::string(kMinCodedBytes, 'x'), kGzip).headers.Has("Content-Encoding"));
}

TEST(EncodeAnswer, ALargeBodyIsOneMember) {
  std::string body;
  while (body.size() < 3 << 20) body += std::to_string(body.size()) + " lines of text\n";
  EXPECT_EQ(Decoded(kGzip, Encoded(body, kGzip).body), body);
  EXPECT_EQ(Decoded(kZstd, Encoded(body, kZstd).body), body);
}

TEST(EncodeAnswer, CompressesASourcePieceByPiece) {
  const std::vector<std::string> pieces = {std::string(300, 'a'), "b", std::string(100'000, 'c')};
  for (const ContentCoding coding : {kGzip, kZstd}) {
    Answer answer;
    answer.source = std::make_unique<PieceSource>(pieces);
    answer.source_bytes = 100'301;
    answer = EncodeAnswer(std::move(answer), coding);
    EXPECT_FALSE(answer.source_bytes.has_value()) << "nobody knows yet";
    std::string bytes;
    for (size_t taken = 0;; ++taken) {
      const Result<std::string> piece = answer.source->Next();
      ASSERT_TRUE(piece);
      if (piece->empty()) break;
      bytes += *piece;
      ASSERT_LE(taken, pieces.size()) << "at most one more than there are pieces";
    }
    EXPECT_EQ(Decoded(coding, bytes), pieces[0] + pieces[1] + pieces[2]);
    EXPECT_TRUE(answer.source->Next()->empty()) << "the end stays the end";
  }
}

TEST(EncodeAnswer, AnEmptySourceIsAnEmptyCodedBody) {
  for (const ContentCoding coding : {kGzip, kZstd}) {
    Answer answer;
    answer.source = std::make_unique<PieceSource>(std::vector<std::string>{});
    answer = EncodeAnswer(std::move(answer), coding);
    const Result<std::string> piece = answer.source->Next();
    ASSERT_TRUE(piece);
    EXPECT_EQ(Decoded(coding, *piece), "");
  }
}

TEST(EncodeAnswer, AnErrorOfTheSourceIsPassedOn) {
  Answer answer;
  answer.source = std::make_unique<PieceSource>(std::vector<std::string>{"a"}, true);
  answer = EncodeAnswer(std::move(answer), kGzip);
  EXPECT_TRUE(answer.source->Next());
  EXPECT_FALSE(answer.source->Next()) << "the client must see that it was cut";
}

TEST(CodedEtag, NamesTheFormUnlessItIsWeak) {
  EXPECT_EQ(CodedEtag("\"x.0.5\"", kGzip), "\"x.0.5-gzip\"");
  EXPECT_EQ(CodedEtag("\"x.0.5\"", kZstd), "\"x.0.5-zstd\"");
  EXPECT_EQ(CodedEtag("\"x.0.5\"", kIdentity), "\"x.0.5\"");
  EXPECT_EQ(CodedEtag("W/\"x.0.5\"", kGzip), "W/\"x.0.5\"");
}

}  // namespace
}  // namespace tailrace
