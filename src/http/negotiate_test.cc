#include "http/negotiate.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

constexpr std::string_view kOffers[] = {"application/json", "text/plain", "application/x-ndjson"};

Headers With(std::string_view name, std::string_view value) {
  Headers headers;
  headers.Add(name, value);
  return headers;
}

TEST(Negotiate, MediaTypes) {
  const std::pair<std::string_view, int> cases[] = {
      {"*/*", 0},
      {"text/plain", 1},
      {"TEXT/Plain", 1},
      {"text/*", 1},
      {"application/*;q=0.5, text/plain;q=0.4", 0},
      {"application/*;q=0.4, text/plain;q=0.5", 1},
      {"application/x-ndjson, */*;q=0.1", 2},
      {"text/html, application/xhtml+xml, */*;q=0.8", 0},
      {"application/json;q=0, */*", 1},
      {"text/plain; charset=utf-8", 1},
      {"text/plain;charset=utf-8;q=0.1, application/json;q=0.2", 0},
      {"image/png", -1},
      {"*/*;q=0", -1},
      {"text/plain;q=x", 0},
      {"", 0},
      {",", 0},
  };
  for (const auto& [accept, expected] : cases) {
    const std::optional<size_t> chosen = NegotiateMediaType(With("Accept", accept), kOffers);
    EXPECT_EQ(chosen ? static_cast<int>(*chosen) : -1, expected) << accept;
  }
  EXPECT_EQ(NegotiateMediaType(Headers(), kOffers), 0u);
}

TEST(Negotiate, SeveralFieldsAreOneList) {
  Headers headers;
  headers.Add("Accept", "application/json;q=0.1");
  headers.Add("accept", "text/plain");
  EXPECT_EQ(NegotiateMediaType(headers, kOffers), 1u);
}

TEST(Negotiate, CodingOfAnAnswer) {
  constexpr auto kPlain = ContentCoding::kIdentity;
  constexpr auto kGzip = ContentCoding::kGzip;
  constexpr auto kZstd = ContentCoding::kZstd;
  struct Case {
    std::string_view accept;
    ContentCoding program, browser;
  };
  const Case cases[] = {
      {"gzip, deflate, br, zstd", kGzip, kZstd},
      {"gzip, deflate, br", kGzip, kGzip},
      {"x-gzip", kGzip, kGzip},
      {"zstd", kZstd, kZstd},
      {"gzip;q=0.9, zstd;q=0.8", kGzip, kGzip},
      {"gzip;q=1.0, identity;q=0.5, *;q=0", kGzip, kGzip},
      {"identity", kPlain, kPlain},
      {"identity, gzip;q=0.5", kPlain, kPlain},
      {"deflate", kPlain, kPlain},
      {"*", kGzip, kZstd},
      {"*;q=0.5, zstd;q=0", kGzip, kGzip},
      {"gzip;q=0", kPlain, kPlain},
      {"gzip;q=2", kPlain, kPlain},
      {"", kPlain, kPlain},
  };
  for (const Case& one : cases) {
    Headers headers = With("Accept-Encoding", one.accept);
    EXPECT_EQ(ChooseJoinedCoding(headers), one.program) << one.accept;
    headers.Add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)");
    EXPECT_EQ(ChooseJoinedCoding(headers), one.browser) << one.accept;
  }
  EXPECT_EQ(ChooseJoinedCoding(Headers()), kPlain);
}

TEST(Negotiate, GzipOfAnAnswerThatIsThereInBothForms) {
  EXPECT_FALSE(AcceptsGzip(Headers()));
  EXPECT_TRUE(AcceptsGzip(With("Accept-Encoding", "gzip, deflate, br, zstd")));
  EXPECT_TRUE(AcceptsGzip(With("Accept-Encoding", "*")));
  EXPECT_FALSE(AcceptsGzip(With("Accept-Encoding", "gzip;q=0, zstd")));
}

TEST(Negotiate, CodingOfABody) {
  const auto parse = [](std::string_view value) {
    return ParseContentEncoding(With("Content-Encoding", value));
  };
  EXPECT_EQ(ParseContentEncoding(Headers()), ContentCoding::kIdentity);
  EXPECT_EQ(parse("identity"), ContentCoding::kIdentity);
  EXPECT_EQ(parse("GZIP"), ContentCoding::kGzip);
  EXPECT_EQ(parse("x-gzip"), ContentCoding::kGzip);
  EXPECT_EQ(parse("zstd"), ContentCoding::kZstd);
  EXPECT_FALSE(parse("br"));
  EXPECT_FALSE(parse("gzip, gzip"));
  EXPECT_FALSE(parse("gzip;q=1"));
}

}  // namespace
}  // namespace tailrace
