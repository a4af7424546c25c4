#include "app/client/sse_parser.h"

#include <gtest/gtest.h>

#include <vector>

namespace tailrace {
namespace {

struct Heard {
  std::vector<std::string> events;  // "type|data|id"
  SseParser parser{[this](const SseEvent& event) {
    events.push_back(event.type + "|" + event.data + "|" + event.last_id);
  }};
};

using Events = std::vector<std::string>;

constexpr std::string_view kStream =
    "\xEF\xBB\xBFretry: 2500\n\n"
    ": a comment\n"
    "id: abc.1\ndata: one\n\n"
    "event: gap\rdata: {\"from\":1}\rid: abc.2\r\r"
    "data\r\n\r\n"
    "data: first\r\ndata:  second\r\n\r\n"
    "id: abc.3\n\n"  // no data: no event, but the id counts
    "event: end\ndata:x:y\n\n"
    "id\ndata: reset\n\n"
    "data: cut off";

const Events kEvents = {"|one|abc.1",    "gap|{\"from\":1}|abc.2",
                        "||abc.2",       "|first\n second|abc.2",
                        "end|x:y|abc.3", "|reset|"};

TEST(SseParser, ReadsAStream) {
  Heard heard;
  heard.parser.Feed(kStream);
  EXPECT_EQ(heard.events, kEvents);
  EXPECT_EQ(heard.parser.RetryMs(), 2500u);
}

TEST(SseParser, OneByteAtATimeAndEverySplitInTwoGiveTheSame) {
  Heard bytes;
  for (const char byte : kStream) bytes.parser.Feed(std::string_view(&byte, 1));
  EXPECT_EQ(bytes.events, kEvents);
  for (size_t cut = 0; cut <= kStream.size(); ++cut) {
    Heard halves;
    halves.parser.Feed(kStream.substr(0, cut));
    halves.parser.Feed(kStream.substr(cut));
    EXPECT_EQ(halves.events, kEvents) << cut;
  }
}

TEST(SseParser, IgnoresWhatTheStandardIgnores) {
  Heard heard;
  heard.parser.Feed("retry: 1e3\nretry: -1\nretry: 20 \n\n");
  EXPECT_EQ(heard.parser.RetryMs(), std::nullopt);
  heard.parser.Feed(std::string_view("id: a\0b\ndata: x\n\n", 16));
  heard.parser.Feed("Data: no\nunknown: y\n\nevent: only\n\ndata: z\n\n");
  EXPECT_EQ(heard.events, (Events{"|x|", "|z|"}));
}

}  // namespace
}  // namespace tailrace
