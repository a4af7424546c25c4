// What a client may not do to a connection: it costs that connection and nothing else.
#include <gtest/gtest.h>

#include "http/http2_harness.h"

namespace tailrace {
namespace {

constexpr uint32_t kEnhanceYourCalm = 11;

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame;
  for (const int shift : {16, 8, 0}) frame.push_back(static_cast<char>(payload.size() >> shift));
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(stream >> shift));
  return frame.append(payload);
}

void ExpectCut(Http2Pair& pair, Http2Abuse abuse) {
  EXPECT_EQ(pair.codec.abuse(), abuse) << Http2AbuseName(pair.codec.abuse());
  pair.client.Receive(pair.TakeOutput());
  EXPECT_EQ(pair.client.goaway_error, kEnhanceYourCalm);
  EXPECT_TRUE(pair.codec.Over());
}

TEST(Http2AbuseTest, RapidReset) {
  Http2Limits limits;
  limits.resets = 50;
  Http2Pair pair(limits);
  pair.Run();
  const auto reset_one = [&pair] {
    const int32_t stream = pair.client.Get("/");
    std::string up = pair.client.TakeOutput();
    pair.client.Reset(stream);
    pair.codec.Receive(up + pair.client.TakeOutput(), pair.now_ms);
  };
  for (int i = 0; i < 50; ++i) reset_one();
  EXPECT_EQ(pair.codec.abuse(), Http2Abuse::kNone);
  EXPECT_EQ(pair.events.closed.size(), 50u);
  reset_one();
  ExpectCut(pair, Http2Abuse::kResets);
}

TEST(Http2AbuseTest, ABrowserThatLeavesAPageOfStreamsIsNone) {
  Http2Pair pair;
  for (int i = 0; i < 6; ++i) {
    std::vector<int32_t> streams;
    for (int k = 0; k < 150; ++k) streams.push_back(pair.client.Get("/"));
    pair.Run();
    for (const int32_t stream : streams) pair.client.Reset(stream);
    pair.Run();
  }
  EXPECT_EQ(pair.events.closed.size(), 900u);
  EXPECT_EQ(pair.codec.abuse(), Http2Abuse::kNone);
}

// The resets are ours, the errors are the client's.
TEST(Http2AbuseTest, StreamsThatBreakTheRulesCountAsResets) {
  Http2Limits limits;
  limits.resets = 50;
  Http2Pair pair(limits);
  pair.Run();
  const std::string too_much("\x7f\xff\xff\xff", 4);
  for (int i = 0; i < 60 && pair.codec.abuse() == Http2Abuse::kNone; ++i) {
    const int32_t stream = pair.client.Get("/");
    const std::string up = pair.client.TakeOutput() + Frame(8, 0, stream, too_much);
    pair.codec.Receive(up, pair.now_ms);
    pair.client.Receive(pair.TakeOutput());
  }
  ExpectCut(pair, Http2Abuse::kResets);
}

TEST(Http2AbuseTest, PingsAndSettings) {
  for (const bool pings : {true, false}) {
    Http2Limits limits;
    limits.control_frames = 50;
    Http2Pair pair(limits);
    pair.Run();
    for (int i = 0; i < 49; ++i) {
      pings ? pair.client.Ping() : pair.client.Settings();
      pair.Run();
    }
    EXPECT_EQ(pair.codec.abuse(), Http2Abuse::kNone);
    pings ? pair.client.Ping() : pair.client.Settings();
    pings ? pair.client.Ping() : pair.client.Settings();
    pair.codec.Receive(pair.client.TakeOutput(), pair.now_ms);
    ExpectCut(pair, Http2Abuse::kControlFrames);
  }
}

TEST(Http2AbuseTest, PingsWithPausesAreNone) {
  Http2Limits limits;
  limits.control_frames = 50;
  Http2Pair pair(limits);
  for (int i = 0; i < 500; ++i) {
    pair.client.Ping();
    pair.now_ms += 1000;
    pair.Run();
  }
  EXPECT_EQ(pair.codec.abuse(), Http2Abuse::kNone);
}

TEST(Http2AbuseTest, DataWithoutData) {
  Http2Limits limits;
  limits.control_frames = 50;
  Http2Pair pair(limits);
  const std::string body(100'000, 'b');
  const int32_t stream = pair.client.Request(Http2Client::GetFields("/", "POST"), &body);
  const std::string up = pair.client.TakeOutput();
  pair.codec.Receive(up, pair.now_ms);
  for (int i = 0; i < 60; ++i) pair.codec.Receive(Frame(0, 0, stream, ""), pair.now_ms);
  ExpectCut(pair, Http2Abuse::kControlFrames);
}

TEST(Http2AbuseTest, AHeadInManyContinuations) {
  Http2Pair pair;
  pair.Run();
  // The literal field "a: b", never indexed, again and again.
  std::string up = Frame(1, 0, 1,
                         std::string("\x00\x01"
                                     "a\x01"
                                     "b",
                                     5));
  for (int i = 0; i < 20; ++i)
    up += Frame(9, 0, 1,
                std::string("\x00\x01"
                            "a\x01"
                            "b",
                            5));
  pair.codec.Receive(up, pair.now_ms);
  ExpectCut(pair, Http2Abuse::kContinuations);
  EXPECT_EQ(pair.events.log, "");
}

// A field of 4 kB in the table, and then thousands of references of one byte.
TEST(Http2AbuseTest, HeaderBombIsRefusedAndNotKept) {
  Http2Pair pair;
  pair.Run();
  const std::string value(4000, 'v');
  std::string block(
      "\x82\x86\x84\x41\x01"
      "a",
      6);  // GET http / of "a"
  block += std::string(
               "\x40\x01"
               "x\x7f\xa1\x1e",
               6) +
           value;  // 127 + 3873 = 4000
  block += std::string(10'000, '\xbe');
  pair.codec.Receive(Frame(1, 5, 1, block), pair.now_ms);
  EXPECT_EQ(pair.events.log, "1 431 the head is longer than 16384 bytes\n");
  EXPECT_EQ(pair.codec.abuse(), Http2Abuse::kNone);
}

TEST(Http2AbuseTest, AnswersThatAreNotRead) {
  Http2Limits limits;
  limits.unread_frames = 100;
  Http2Pair pair(limits);
  pair.Run();
  for (int i = 0; i < 120; ++i) pair.client.Ping();
  pair.codec.Receive(pair.client.TakeOutput(), pair.now_ms);  // and no Pump: the socket is full
  ExpectCut(pair, Http2Abuse::kUnread);
}

TEST(Http2AbuseTest, MoreStreamsThanAllowedEndTheConnection) {
  Http2Limits limits;
  limits.streams = 3;
  Http2Pair pair(limits);
  pair.Run();
  for (int i = 0; i < 3; ++i) pair.client.Get("/");
  pair.Run();
  // A client that has the setting and does not keep to it.
  pair.codec.Receive(Frame(1, 5, 101,
                           std::string("\x82\x86\x84\x41\x01"
                                       "a",
                                       6)),
                     pair.now_ms);
  EXPECT_EQ(pair.events.log, "1 GET / ended\n3 GET / ended\n5 GET / ended\n");
  pair.client.Receive(pair.TakeOutput());
  EXPECT_EQ(pair.client.goaway_error, 1u);  // PROTOCOL_ERROR
}

TEST(Http2AbuseTest, StreamsBeyondTheLimitAreRefusedToAClientThatDoesNotKnowIt) {
  Http2Limits limits;
  limits.streams = 3;
  Http2Pair pair(limits);
  for (int i = 0; i < 5; ++i) pair.client.Get("/");
  pair.Run();
  EXPECT_EQ(pair.events.log, "1 GET / ended\n3 GET / ended\n5 GET / ended\n");
  EXPECT_EQ(pair.client.answers[7].reset, 7u);  // REFUSED_STREAM: it may be sent again
  EXPECT_EQ(pair.client.goaways, 0);
}

TEST(Http2AbuseTest, NothingIsToldAnyMoreOnceItIsCut) {
  Http2Limits limits;
  limits.resets = 1;
  Http2Pair pair(limits);
  pair.Run();
  std::string up;
  for (int i = 0; i < 20; ++i) {
    pair.client.Get("/");
    up += pair.client.TakeOutput() + Frame(3, 0, 1 + 2 * i, std::string("\0\0\0\x08", 4));
  }
  pair.codec.Receive(up, pair.now_ms);
  EXPECT_EQ(pair.events.heads.size(), 2u);
  ExpectCut(pair, Http2Abuse::kResets);
}

TEST(Http2AbuseTest, GarbageEndsTheConnection) {
  Http2Limits limits;
  Http2Recorder events;
  Http2Codec codec(limits, events);
  codec.Receive("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\n\r\n", 1);
  codec.Pump();
  codec.output().Consume(codec.output().Size());
  EXPECT_TRUE(codec.Over());
  Http2Codec other(limits, events);
  other.Receive("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 1);
  other.Pump();
  other.output().Consume(other.output().Size());
  EXPECT_TRUE(other.Over());
  EXPECT_EQ(events.log, "");
}

}  // namespace
}  // namespace tailrace
