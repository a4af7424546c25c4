#include "http/http2.h"

#include <gtest/gtest.h>

#include "http/http2_harness.h"

namespace tailrace {
namespace {

constexpr uint64_t kAll = UINT64_MAX;

iovec Part(const std::string& text) {
  return {const_cast<char*>(text.data()), text.size()};
}

uint64_t Write(Http2Pair& pair, int32_t stream, const std::string& text, bool end = false,
               uint64_t limit = kAll) {
  const iovec part = Part(text);
  const uint64_t taken = pair.codec.Write(stream, std::span(&part, 1), limit, end);
  pair.codec.output().Keep();
  return taken;
}

void SendHead(Http2Pair& pair, int32_t stream, int status = 200, bool end = false) {
  const HeaderField field{"X-Test", "va\nlue"};
  Http2ResponseHead head;
  head.status = status;
  head.headers = std::span(&field, 1);
  head.end = end;
  pair.codec.SendHead(stream, head);
}

TEST(Http2Test, TellsRequestsAndBodies) {
  Http2Pair pair;
  const std::string body = "hello";
  EXPECT_EQ(pair.client.Get("/a?b=c"), 1);
  EXPECT_EQ(pair.client.Request(Http2Client::GetFields("/post", "POST"), &body), 3);
  pair.Run();
  EXPECT_EQ(pair.events.log, "1 GET /a?b=c ended\n3 POST /post\n3 body hello\n3 end\n");
  EXPECT_FALSE(pair.codec.InHead());
  EXPECT_EQ(pair.codec.Heads(), 2u);
}

// However the bytes are cut, the same is told, and what is answered is the same.
TEST(Http2Test, BytesMayComeOneByOne) {
  std::string whole_log;
  for (const size_t step : {SIZE_MAX, size_t{1}, size_t{7}}) {
    Http2Pair pair;
    const std::string body(1000, 'b');
    pair.client.Get("/" + std::string(300, 'p'));
    pair.client.Request(Http2Client::GetFields("/post", "POST"), &body);
    const std::string up = pair.client.TakeOutput();
    for (size_t at = 0; at < up.size(); at += std::min(step, up.size() - at)) {
      pair.codec.Receive(std::string_view(up).substr(at, step), pair.now_ms);
    }
    SendHead(pair, 1);
    Write(pair, 1, "answer", true);
    const std::string down = pair.TakeOutput();
    for (const char byte : down) pair.client.Receive({&byte, 1});
    EXPECT_EQ(pair.client.answers[1].body, "answer");
    EXPECT_TRUE(pair.client.answers[1].ended);
    if (whole_log.empty()) whole_log = pair.events.log;
    EXPECT_EQ(pair.events.log, whole_log) << step;
  }
}

TEST(Http2Test, HeadsAreLowerCaseAndHaveNoControlCharacters) {
  Http2Pair pair;
  pair.client.Get("/");
  pair.Run();
  SendHead(pair, 1, 404, true);
  pair.Run();
  EXPECT_EQ(pair.client.Field(1, ":status"), "404");
  EXPECT_EQ(pair.client.Field(1, "x-test"), "va lue");
  EXPECT_TRUE(pair.client.answers[1].ended);
  EXPECT_EQ(pair.events.closed, std::vector<int32_t>{1});
}

TEST(Http2Test, SegmentsAreLentAndNotCopied) {
  Http2Pair pair;
  pair.client.Get("/");
  pair.Run();
  SendHead(pair, 1);
  pair.client.Receive(pair.TakeOutput());
  const std::string small = "small";
  const std::string large(20'000, 'L');
  const iovec parts[] = {Part(small), Part(large)};
  EXPECT_EQ(pair.codec.Write(1, parts, kAll, false), 20'005u);
  EXPECT_TRUE(pair.codec.output().HasLent());
  iovec out[8];
  const size_t count = pair.codec.output().Gather(out);
  // Two frames: header and small part, 16,379 bytes lent; header, the rest lent.
  ASSERT_EQ(count, 4u);
  EXPECT_EQ(out[0].iov_len, 9u + 5);
  EXPECT_EQ(out[1].iov_base, large.data());
  EXPECT_EQ(out[1].iov_len, 16'384u - 5);
  EXPECT_EQ(out[2].iov_len, 9u);
  EXPECT_EQ(out[3].iov_base, large.data() + 16'379);
  pair.client.Receive(pair.TakeOutput());
  EXPECT_EQ(pair.client.answers[1].body, small + large);
}

TEST(Http2Test, TakesNoMoreThanTheLimit) {
  Http2Pair pair;
  pair.client.Get("/");
  pair.Run();
  SendHead(pair, 1);
  const std::string text(3000, 't');
  EXPECT_EQ(Write(pair, 1, text, true, 1000), 1000u);
  EXPECT_EQ(Write(pair, 1, text.substr(1000), true, 1000), 1000u);
  pair.Run();
  EXPECT_FALSE(pair.client.answers[1].ended);
  EXPECT_EQ(Write(pair, 1, text.substr(2000), true, 1000), 1000u);
  pair.Run();
  EXPECT_EQ(pair.client.answers[1].body, text);
  EXPECT_TRUE(pair.client.answers[1].ended);
}

TEST(Http2Test, AFullStreamWindowIsWaitedFor) {
  Http2Pair pair({}, false, 1000);
  pair.client.Get("/");
  pair.Run();
  SendHead(pair, 1);
  const std::string text(1500, 't');
  EXPECT_EQ(Write(pair, 1, text), 1000u);
  pair.Run();
  EXPECT_EQ(Write(pair, 1, text.substr(1000)), 0u);
  EXPECT_TRUE(pair.events.windows.empty());
  pair.client.Window(1, 700);
  pair.Run();
  EXPECT_EQ(pair.events.windows, std::vector<int32_t>{1});
  EXPECT_EQ(Write(pair, 1, text.substr(1000)), 500u);
  pair.Run();
  EXPECT_EQ(pair.client.answers[1].body, text);
}

TEST(Http2Test, AStreamThatStallsLeavesRoomInTheConnectionsWindow) {
  Http2Pair pair({}, false, 60'000);  // of 65,535 of the connection
  for (int i = 0; i < 3; ++i) pair.client.Get("/");
  pair.Run();
  const std::string text(60'000, 't');
  for (const int32_t stream : {1, 3, 5}) SendHead(pair, stream);
  uint64_t stalled = 0;
  while (const uint64_t taken = Write(pair, 1, text)) stalled += taken;
  EXPECT_GT(stalled, 65'535u * 6 / 10);
  EXPECT_LT(stalled, 65'535u * 7 / 10);
  uint64_t second = 0;
  while (const uint64_t taken = Write(pair, 3, text)) second += taken;
  EXPECT_GT(second, 10'000u);
  EXPECT_GT(Write(pair, 5, "one line more"), 0u);
  pair.events.windows.clear();
  pair.client.Window(0, 60'000);
  pair.Run();
  EXPECT_EQ(pair.events.windows, (std::vector<int32_t>{1, 3}));  // and both may go on
  EXPECT_GT(Write(pair, 1, text), 0u);
}

TEST(Http2Test, ALoneStreamLeavesALittleRoom) {
  Http2Pair pair({}, false, 1 << 20);
  pair.client.Get("/");
  pair.Run();
  SendHead(pair, 1);
  const std::string text(100'000, 't');
  EXPECT_EQ(Write(pair, 1, text), 49'152u);  // 3/4
  EXPECT_EQ(Write(pair, 1, text), 0u);
  pair.client.Get("/");
  pair.Run();
  SendHead(pair, 3);
  EXPECT_GT(Write(pair, 3, "x"), 0u);
}

TEST(Http2Test, SharesOfAWindow) {
  EXPECT_EQ(ShareOfWindow(0, 0, 2), 0u);
  EXPECT_EQ(ShareOfWindow(1, 0, 2), 1u);
  EXPECT_EQ(ShareOfWindow(900, 0, 2), 600u);
  EXPECT_EQ(ShareOfWindow(300, 600, 2), 0u);
  EXPECT_EQ(ShareOfWindow(900, 0, 3), 675u);
}

// Bodies come no faster than they are consumed.
TEST(Http2Test, ABodyThatIsNotConsumedStopsItsStreamOnly) {
  Http2Limits limits;
  limits.stream_window = 1000;
  limits.connection_window = 100'000;
  Http2Pair pair(limits);
  pair.Run();  // before it has the settings, a client may send 64 kB
  const std::string body(5000, 'b');
  pair.client.Request(Http2Client::GetFields("/held", "POST"), &body);
  pair.client.Request(Http2Client::GetFields("/too", "POST"), &body);
  pair.Run();
  EXPECT_EQ(pair.events.log.size(), std::string("1 POST /held\n3 POST /too\n").size() +
                                        2 * std::string("1 body \n").size() + 2 * 1000);
  for (int i = 0; i < 4; ++i) {
    pair.codec.Consume(3, 1000);
    pair.Run();
  }
  EXPECT_NE(pair.events.log.find("3 end"), std::string::npos);
  EXPECT_EQ(pair.events.log.find("1 end"), std::string::npos);
}

TEST(Http2Test, EndsWithoutData) {
  Http2Pair pair;
  pair.client.Get("/");
  pair.Run();
  SendHead(pair, 1);
  Write(pair, 1, "all");
  pair.Run();
  EXPECT_FALSE(pair.client.answers[1].ended);
  pair.codec.End(1);
  pair.Run();
  EXPECT_TRUE(pair.client.answers[1].ended);
  EXPECT_EQ(pair.events.closed, std::vector<int32_t>{1});
}

// RFC 9113 §8.1: a whole answer before the whole request, whose rest is not wanted.
TEST(Http2Test, AnAnswerBeforeTheEndOfTheRequestStopsTheRequest) {
  Http2Limits limits;
  limits.stream_window = 100;
  Http2Pair pair(limits);
  pair.Run();
  const std::string body(5000, 'b');
  pair.client.Request(Http2Client::GetFields("/", "POST"), &body);
  pair.Run();
  SendHead(pair, 1, 413, true);
  pair.Run();
  EXPECT_EQ(pair.client.Field(1, ":status"), "413");
  EXPECT_EQ(pair.client.answers[1].reset, 0u);  // NO_ERROR
  EXPECT_EQ(pair.events.closed, std::vector<int32_t>{1});
  EXPECT_FALSE(pair.codec.Over());
}

TEST(Http2Test, ContinuesWhenAsked) {
  Http2Pair pair;
  Http2Client::Fields fields = Http2Client::GetFields("/", "POST");
  fields.emplace_back("expect", "100-continue");
  const std::string body = "b";
  pair.client.Request(fields, &body);
  pair.Run();
  EXPECT_TRUE(pair.events.heads[1].expects_continue);
  pair.codec.SendContinue(1);
  SendHead(pair, 1, 200, true);
  pair.Run();
  const auto& got = pair.client.answers[1].fields;
  ASSERT_GE(got.size(), 2u);
  EXPECT_EQ(got[0].second, "100");
  EXPECT_EQ(got[1].second, "200");
}

TEST(Http2Test, DrainServesWhatWasSentBeforeTheClientKnew) {
  Http2Pair pair;
  pair.client.Get("/before");
  pair.Run();
  pair.codec.BeginDrain();
  const std::string notice = pair.TakeOutput();
  pair.client.Get("/on-its-way");  // before the notice has come
  const std::string up = pair.client.TakeOutput();
  pair.client.Receive(notice);
  EXPECT_EQ(pair.client.goaway_last_stream, INT32_MAX);
  pair.codec.Receive(up, pair.now_ms);
  EXPECT_NE(pair.events.log.find("3 GET /on-its-way"), std::string::npos);
  pair.Run();  // the PING comes back
  EXPECT_EQ(pair.client.goaways, 2);
  EXPECT_EQ(pair.client.goaway_last_stream, 3);
  EXPECT_EQ(pair.client.goaway_error, 0u);
  EXPECT_FALSE(pair.codec.Over());
  SendHead(pair, 1, 200, true);
  SendHead(pair, 3, 200, true);
  pair.Run();
  EXPECT_TRUE(pair.client.answers[3].ended);
  EXPECT_TRUE(pair.codec.Over());
}

TEST(Http2Test, DrainDoesNotWaitForAClientThatDoesNotAnswer) {
  Http2Pair pair;
  pair.Run();
  pair.codec.BeginDrain();
  pair.TakeOutput();
  pair.codec.FinishDrain();
  pair.codec.FinishDrain();
  pair.client.Receive(pair.TakeOutput());
  EXPECT_EQ(pair.client.goaways, 1);
  EXPECT_TRUE(pair.codec.Over());
}

}  // namespace
}  // namespace tailrace
