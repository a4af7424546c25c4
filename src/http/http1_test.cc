#include "http/http1.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

int64_t live_blocks = 0;  // of operator new, which this file replaces to count them

}  // namespace

void* operator new(size_t size) {
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  ++live_blocks;
  return block;
}

void operator delete(void* block) noexcept {
  if (block != nullptr) --live_blocks;
  std::free(block);
}

void operator delete(void* block, size_t /*size*/) noexcept {
  operator delete(block);
}

namespace tailrace {
namespace {

// Writes down what it is told; parts of a body that follow each other are one.
class Recorder final : public RequestEvents {
 public:
  void OnHead(RequestHead&& head) override {
    log_ += "<" + std::string(MethodName(head.method)) + " " + head.path;
    if (!head.query.empty()) log_ += " ?" + head.query;
    if (!head.keep_alive) log_ += " close";
    if (head.expects_continue) log_ += " expects";
    if (head.chunked) log_ += " chunked";
    if (head.content_length) log_ += " " + std::to_string(*head.content_length);
    log_ += ">";
    last_ = std::move(head);
    if (pause_in_head_) parser_->Pause();
  }
  void OnBody(std::string_view bytes) override {
    EXPECT_FALSE(bytes.empty());
    log_ += bytes;
    if (pause_in_body_) parser_->Pause();
  }
  void OnComplete() override { log_ += "<end>"; }

  void PauseAlways(Http1Parser* parser) {
    parser_ = parser;
    pause_in_head_ = pause_in_body_ = true;
  }
  const std::string& log() const { return log_; }
  const RequestHead& last() const { return last_; }

 private:
  std::string log_;
  RequestHead last_;
  Http1Parser* parser_ = nullptr;
  bool pause_in_head_ = false;
  bool pause_in_body_ = false;
};

const Http1Limits kLimits;

struct Outcome {
  std::string log;
  int status = 0;
  std::string reason;
  bool operator==(const Outcome&) const = default;
};

// Feeds `input` in pieces of `piece` bytes, request after request.
Outcome Feed(std::string_view input, size_t piece, const Http1Limits& limits = kLimits,
             bool pause = false) {
  Http1Parser parser(&limits);
  Recorder recorder;
  if (pause) recorder.PauseAlways(&parser);
  while (!input.empty() && !parser.Failed()) {
    std::string_view part = input.substr(0, piece);
    input.remove_prefix(part.size());
    while (!part.empty() && !parser.Failed()) part.remove_prefix(parser.Consume(part, recorder));
    if (!parser.Failed()) parser.Consume("", recorder);
    if (!parser.Failed()) parser.Consume("", recorder);
  }
  Outcome outcome{recorder.log()};
  if (parser.Failed()) {
    outcome.status = parser.error().status;
    outcome.reason = parser.error().reason;
  }
  return outcome;
}

// The same, however it is cut.
Outcome FeedAllWays(std::string_view input, const Http1Limits& limits = kLimits) {
  const Outcome whole = Feed(input, input.size(), limits);
  for (const size_t piece : {1u, 2u, 3u, 7u, 64u}) {
    const Outcome cut = Feed(input, piece, limits);
    EXPECT_EQ(cut, whole) << "pieces of " << piece << ": " << cut.reason << " / " << whole.reason;
  }
  EXPECT_EQ(Feed(input, input.size(), limits, true), whole);
  EXPECT_EQ(Feed(input, 1, limits, true), whole);
  return whole;
}

std::string Get(std::string_view extra = "") {
  return "GET /a HTTP/1.1\r\nHost: h\r\n" + std::string(extra) + "\r\n";
}

std::string Post(std::string_view fields, std::string_view body) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

std::string Chunked(std::string_view body) {
  return Post("Transfer-Encoding: chunked\r\n", body);
}

TEST(Http1, GoodRequests) {
  const std::pair<std::string, std::string> cases[] = {
      {Get(), "<GET /a><end>"},
      {Get() + Get(), "<GET /a><end><GET /a><end>"},
      {"\r\n" + Get(), "<GET /a><end>"},
      {Get() + "\r\n" + Get(), "<GET /a><end><GET /a><end>"},
      {"GET /?x=%20&y HTTP/1.1\r\nhost:h:80\r\n\r\n", "<GET / ?x=%20&y><end>"},
      {"GET /a HTTP/1.0\r\n\r\n", "<GET /a close><end>"},
      {"GET /a HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n", "<GET /a><end>"},
      {Get("Connection: x\r\nConnection: close\r\n"), "<GET /a close><end>"},
      {Get("Connection: keep-alive, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), "<GET /a><end>"},
      {Get("Content-Length: 0\r\n"), "<GET /a 0><end>"},
      {Get("X-Empty:\r\nX-Blank: \t \r\nX-High: \xFF\r\nX-Tab: a\tb\r\n"), "<GET /a><end>"},
      {Post("Content-Length: 3\r\n", "abc") + Get(), "<POST /a 3>abc<end><GET /a><end>"},
      {Post("Content-Length: 003\r\n", "abc"), "<POST /a 3>abc<end>"},
      {Post("Expect: 100-Continue\r\nContent-Length: 1\r\n", "x"), "<POST /a expects 1>x<end>"},
      {Chunked("3\r\nabc\r\n0\r\n\r\n") + Get(), "<POST /a chunked>abc<end><GET /a><end>"},
      {Post("transfer-encoding: CHUNKED\r\n", "0\r\n\r\n"), "<POST /a chunked><end>"},
      {Chunked("00A;a=\"b\";c\r\n0123456789\r\n1\r\nx\r\n000\r\nX-Sum: 1\r\nY:\r\n\r\n"),
       "<POST /a chunked>0123456789x<end>"},
      {"GET http://other:8080/p?q HTTP/1.1\r\nHost: h\r\n\r\n", "<GET /p ?q><end>"},
      {"GET HTTPS://[::1]?q HTTP/1.1\r\nHost: h\r\n\r\n", "<GET / ?q><end>"},
      {"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "<OPTIONS *><end>"},
      {"GET //x/../y HTTP/1.1\r\nHost:\r\n\r\n", "<GET //x/../y><end>"},
  };
  for (const auto& [input, expected] : cases) {
    const Outcome outcome = FeedAllWays(input);
    EXPECT_EQ(outcome.log, expected) << input;
    EXPECT_EQ(outcome.status, 0) << input << outcome.reason;
  }
}

struct BadCase {
  std::string input;
  int status;
};

void ExpectRefused(const std::vector<BadCase>& cases) {
  for (const BadCase& bad : cases) {
    // Something behind it must not be understood as a request.
    const Outcome outcome = FeedAllWays(bad.input + Get());
    EXPECT_EQ(outcome.status, bad.status) << bad.input << "\n" << outcome.reason;
    EXPECT_FALSE(outcome.status == 0 || outcome.reason.empty()) << bad.input;
    EXPECT_EQ(outcome.log.find("<GET"), std::string::npos) << bad.input << "\n" << outcome.log;
  }
}

TEST(Http1, RefusesBadRequestLines) {
  const std::string host = "\r\nHost: h\r\n\r\n";
  ExpectRefused({
      {"\n" + Get(), 400},
      {"\r" + Get(), 400},
      {"\r\n\r\n" + Get(), 400},
      {" " + Get(), 400},
      {"GET /a\r\n\r\n", 400},
      {"GET\r\n\r\n", 400},
      {"GET  /a HTTP/1.1" + host, 400},
      {"GET /a  HTTP/1.1" + host, 400},
      {"GET /a HTTP/1.1 " + host, 400},
      {"GET\t/a HTTP/1.1" + host, 400},
      {"GET /a b HTTP/1.1" + host, 400},
      {"G(T /a HTTP/1.1" + host, 400},
      {"GET /a HTTP/1.1\nHost: h\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\r\nHost: h\r\n\r\n", 400},
      {"GET /a HTTP/1.1\rHost: h\r\n\r\n", 400},
      {"GET /a http/1.1" + host, 400},
      {"GET /a HTTP/1.10" + host, 400},
      {"GET /a HTTP/1.1x" + host, 400},
      {"GET /a XTTP/1.1" + host, 400},
      {"GET /a HTTP/1.2" + host, 505},
      {"GET /a HTTP/2.0" + host, 505},
      {"GET /a HTTP/0.9" + host, 505},
      {"get /a HTTP/1.1" + host, 501},
      {"BREW /a HTTP/1.1" + host, 501},
      {"TRACE /a HTTP/1.1" + host, 501},
      {"CONNECT h:443 HTTP/1.1" + host, 501},
      {"GET h:443 HTTP/1.1" + host, 400},
      {"GET * HTTP/1.1" + host, 400},
      {"GET a HTTP/1.1" + host, 400},
      {"GET /a#b HTTP/1.1" + host, 400},
      {"GET /a%2 HTTP/1.1" + host, 400},
      {"GET /a%zz HTTP/1.1" + host, 400},
      {"GET /\xC3\xA4 HTTP/1.1" + host, 400},
      {std::string("GET /\0 HTTP/1.1", 15) + host, 400},
      {"GET ftp://h/a HTTP/1.1" + host, 400},
      {"GET http:///a HTTP/1.1" + host, 400},
      {"GET http://u@h/a HTTP/1.1" + host, 400},
      {"GET http://h:x/a HTTP/1.1" + host, 400},
      {"\x16\x03\x01\x02", 400},
  });
}

TEST(Http1, RefusesBadFields) {
  ExpectRefused({
      {"GET /a HTTP/1.1\r\n\r\n", 400},
      {Get("Host: h\r\n"), 400},
      {Get("host: other\r\n"), 400},
      {"GET /a HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: a,b\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: u@h\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: h:99999\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: h:8:9\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: :80\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost: \xC3\xA4\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\n Host: h\r\n\r\n", 400},
      {Get("X: a\r\n folded\r\n"), 400},
      {Get("X: a\r\n\tfolded\r\n"), 400},
      {Get("X: a\r\n \r\n"), 400},
      {Get("X : a\r\n"), 400},
      {Get("X\t: a\r\n"), 400},
      {Get(": a\r\n"), 400},
      {Get("X\r\n"), 400},
      {Get("X(y): a\r\n"), 400},
      {Get("\xC3\xA4: a\r\n"), 400},
      {Get("X: a\nContent-Length: 5\r\n"), 400},
      {Get("X: a\rY: b\r\n"), 400},
      {Get("X: a\r\r\n"), 400},
      {Get(std::string_view("X: a\0b\r\n", 8)), 400},
      {Get("X: a\x01\r\n"), 400},
      {Get("X: a\x7F\r\n"), 400},
      {"GET /a HTTP/1.1\r\nHost: h\r\n\n", 400},
  });
}

TEST(Http1, RefusesDoubtfulLengths) {
  ExpectRefused({
      {Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400},
      {Post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
      {Post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400},
      {Post("Content-Length: 3, 3\r\n", "abc"), 400},
      {Post("Content-Length: +3\r\n", "abc"), 400},
      {Post("Content-Length: -3\r\n", "abc"), 400},
      {Post("Content-Length: 0x3\r\n", "abc"), 400},
      {Post("Content-Length: 3 3\r\n", "abc"), 400},
      {Post("Content-Length: 3;\r\n", "abc"), 400},
      {Post("Content-Length: \"3\"\r\n", "abc"), 400},
      {Post("Content-Length:\r\n", "abc"), 400},
      {Post("Content-Length: 67108865\r\n", "abc"), 413},
      {Post("Content-Length: 18446744073709551617\r\n", "abc"), 400},
      {Post("Content_Length: 3\r\nTransfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
      {Post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: identity\r\n", "abc"), 400},
      {Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: , chunked\r\n", "0\r\n\r\n"), 501},
      {Post("Transfer-Encoding:\r\n", "0\r\n\r\n"), 400},
      {Post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       400},
      {"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
  });
}

TEST(Http1, RefusesBadChunks) {
  ExpectRefused({
      {Chunked("\r\n"), 400},
      {Chunked("x\r\n"), 400},
      {Chunked("+3\r\nabc\r\n"), 400},
      {Chunked("-3\r\nabc\r\n"), 400},
      {Chunked("0x3\r\nabc\r\n"), 400},
      {Chunked(" 3\r\nabc\r\n"), 400},
      {Chunked("3 \r\nabc\r\n"), 400},
      {Chunked("3\nabc\r\n"), 400},
      {Chunked("3\rabc\r\n"), 400},
      {Chunked("3;a\nabc\r\n"), 400},
      {Chunked("3;a\rb\r\nabc\r\n"), 400},
      {Chunked(std::string_view("3;\0\r\nabc\r\n", 11)), 400},
      {Chunked("3\r\nabcd\r\n"), 400},
      {Chunked("3\r\nabc\n"), 400},
      {Chunked("3\r\nabc\rx"), 400},
      {Chunked("3\r\nab\r\n0\r\n\r\n"), 400},
      {Chunked("ffffffffffffffff\r\n"), 400},
      {Chunked("1000000000000000\r\n"), 400},
      {Chunked("00000000000000003\r\nabc\r\n"), 400},
      {Chunked("0\r\n\n"), 400},
      {Chunked("0\r\nX : y\r\n\r\n"), 400},
      {Chunked("0\r\n X: y\r\n\r\n"), 400},
      {Chunked("0\r\nX: y\nZ: a\r\n\r\n"), 400},
      {Chunked("0\r\nX: y\r\n z\r\n\r\n"), 400},
      {Chunked("0\r\nX: y\rz\r\n\r\n"), 400},
      {Chunked("0\r\n: y\r\n\r\n"), 400},
      {Chunked("0\r\nX\r\n\r\n"), 400},
      {Chunked("3;" + std::string(5000, 'a') + "\r\nabc\r\n"), 400},
      {Chunked("0\r\nX: " + std::string(5000, 'a') + "\r\n\r\n"), 431},
  });
}

TEST(Http1, ExtensionsOfManyChunksAddUp) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "1;" + std::string(100, 'x') + "\r\na\r\n";
  EXPECT_EQ(FeedAllWays(Chunked(body)).status, 400);
}

TEST(Http1, LimitsOfTheHead) {
  const Http1Limits limits{.head_bytes = 200, .target_bytes = 50, .header_count = 3};
  const auto status = [&](std::string_view input) { return FeedAllWays(input, limits).status; };
  const auto with_target = [](size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  EXPECT_EQ(status(with_target(50)), 0);
  EXPECT_EQ(status(with_target(51)), 414);
  EXPECT_EQ(status("GET /" + std::string(1000, 'a')), 414);
  EXPECT_EQ(status(Get("A: 1\r\nB: 2\r\n")), 0);
  EXPECT_EQ(status(Get("A: 1\r\nB: 2\r\nC: 3\r\n")), 431);
  const std::string exact = Get("A: " + std::string(200 - Get().size() - 5, 'x') + "\r\n");
  ASSERT_EQ(exact.size(), 200u);
  EXPECT_EQ(status(exact), 0);
  EXPECT_EQ(status(Get("A: " + std::string(200 - Get().size() - 4, 'x') + "\r\n")), 431);
}

TEST(Http1, TellsTheHead) {
  Http1Parser parser(&kLimits);
  Recorder recorder;
  const std::string input =
      "GET http://name:81/p%20q?x=1?y HTTP/1.1\r\nHost: other\r\nX-A:  1 \t\r\nx-a: "
      "2\r\nE:\r\n\r\n";
  EXPECT_EQ(parser.Consume(input + "rest", recorder), input.size());
  const RequestHead& head = recorder.last();
  EXPECT_EQ(head.target, "http://name:81/p%20q?x=1?y");
  EXPECT_EQ(head.path, "/p%20q");
  EXPECT_EQ(head.query, "x=1?y");
  EXPECT_EQ(head.host, "name:81");
  EXPECT_EQ(head.version_minor, 1);
  EXPECT_EQ(head.headers.Size(), 4u);
  EXPECT_EQ(head.headers.Find("x-A"), "1");
  EXPECT_EQ(head.headers.Joined("X-A"), "1, 2");
  EXPECT_EQ(head.headers.Find("E"), "");
  EXPECT_FALSE(head.headers.Find("None"));
  EXPECT_FALSE(head.HasBody());
}

TEST(Http1, HeadersOutliveTheInput) {
  Http1Parser parser(&kLimits);
  Recorder recorder;
  auto input = std::make_unique<std::string>(Get("Name: a value that is too long to be short\r\n"));
  parser.Consume(*input, recorder);
  std::ranges::fill(*input, 'x');
  input.reset();
  const Headers copy = recorder.last().headers;
  EXPECT_EQ(copy.Find("name"), "a value that is too long to be short");
}

TEST(Http1, StopsBehindEachRequest) {
  Http1Parser parser(&kLimits);
  Recorder recorder;
  const std::string first = Post("Content-Length: 2\r\n", "ab");
  EXPECT_EQ(parser.Consume(first + Get(), recorder), first.size());
  EXPECT_EQ(recorder.log(), "<POST /a 2>ab<end>");
  EXPECT_TRUE(parser.Idle());
  EXPECT_EQ(parser.Consume(Get(), recorder), Get().size());
  EXPECT_EQ(recorder.log(), "<POST /a 2>ab<end><GET /a><end>");
}

TEST(Http1, SaysWhereItStands) {
  Http1Parser parser(&kLimits);
  Recorder recorder;
  EXPECT_TRUE(parser.Idle());
  parser.Consume("\r\n", recorder);
  EXPECT_TRUE(parser.Idle());
  parser.Consume("POST /", recorder);
  EXPECT_TRUE(parser.InHead());
  EXPECT_FALSE(parser.Idle());
  parser.Consume("a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na", recorder);
  EXPECT_TRUE(parser.InBody());
  EXPECT_FALSE(parser.Idle());
  parser.Consume("b", recorder);
  EXPECT_TRUE(parser.Idle());
}

TEST(Http1, PausedEndIsToldLater) {
  Http1Parser parser(&kLimits);
  Recorder recorder;
  recorder.PauseAlways(&parser);
  const std::string input = Post("Content-Length: 2\r\n", "ab");
  EXPECT_EQ(parser.Consume(input, recorder), input.size() - 2);
  EXPECT_EQ(recorder.log(), "<POST /a 2>");
  EXPECT_EQ(parser.Consume("ab", recorder), 2u);
  EXPECT_EQ(recorder.log(), "<POST /a 2>ab");
  EXPECT_EQ(parser.Consume("", recorder), 0u);
  EXPECT_EQ(recorder.log(), "<POST /a 2>ab<end>");
}

TEST(Http1, NothingIsParsedAfterAnError) {
  Http1Parser parser(&kLimits);
  Recorder recorder;
  parser.Consume("\n", recorder);
  ASSERT_TRUE(parser.Failed());
  EXPECT_EQ(parser.Consume(Get(), recorder), 0u);
  EXPECT_FALSE(parser.Idle());
  EXPECT_EQ(recorder.log(), "");
}

TEST(Http1, RecognisesHttp2) {
  Http1Parser parser(&kLimits);
  Recorder recorder;
  EXPECT_EQ(parser.Consume("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", recorder), 18u);
  ASSERT_TRUE(parser.Failed());
  EXPECT_EQ(parser.error().status, 505);
  EXPECT_TRUE(parser.error().http2_preface);
  EXPECT_EQ(FeedAllWays("PRI * HTTP/1.1\r\nHost: h\r\n\r\n").status, 501);
}

// 10,000 idle viewers have one each (docs: memory of an idle viewer).
TEST(Http1, IsSmallWhenIdle) {
  EXPECT_LE(sizeof(Http1Parser), 112u);
}

}  // namespace
}  // namespace tailrace
