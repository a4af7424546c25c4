#include "http/sse.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

using std::string_view_literals::operator""sv;

std::string Data(std::string_view text) {
  std::string out;
  AppendSseData(out, text);
  return out;
}

TEST(Sse, OneLine) {
  EXPECT_EQ(Data(""), "data: \n");
  EXPECT_EQ(Data("hello"), "data: hello\n");
  EXPECT_EQ(Data(" leading blank"), "data:  leading blank\n");
  EXPECT_EQ(Data(":colon"), "data: :colon\n");
  EXPECT_EQ(Data("data: x"), "data: data: x\n");
  EXPECT_EQ(Data("\x1b[31mred\x1b[0m\ttab\x7f"), "data: \x1b[31mred\x1b[0m\ttab\x7f\n");
}

TEST(Sse, LineEnds) {
  EXPECT_EQ(Data("a\nb"), "data: a\ndata: b\n");
  EXPECT_EQ(Data("a\rb"), "data: a\ndata: b\n");
  EXPECT_EQ(Data("a\r\nb"), "data: a\ndata: b\n");
  EXPECT_EQ(Data("a\n\rb"), "data: a\ndata: \ndata: b\n");
  EXPECT_EQ(Data("a\r\r\nb"), "data: a\ndata: \ndata: b\n");
  EXPECT_EQ(Data("a\n"), "data: a\ndata: \n");
  EXPECT_EQ(Data("a\r"), "data: a\ndata: \n");
  EXPECT_EQ(Data("\n"), "data: \ndata: \n");
  EXPECT_EQ(Data("a\r\ndata: b\r\n\r\nid: 7"), "data: a\ndata: data: b\ndata: \ndata: id: 7\n");
}

TEST(Sse, NulAndIllFormedUtf8) {
  EXPECT_EQ(Data("a\0b"sv),
            "data: a\xE2\x90\x80"
            "b\n");
  EXPECT_EQ(Data("\0\0"sv), "data: \xE2\x90\x80\xE2\x90\x80\n");
  EXPECT_EQ(Data("\xFF"), "data: \xEF\xBF\xBD\n");
  EXPECT_EQ(Data("a\xE2\x82"), "data: a\xEF\xBF\xBD\n");
  EXPECT_EQ(Data("\xE2\x82\n\xAC"), "data: \xEF\xBF\xBD\ndata: \xEF\xBF\xBD\n");
  EXPECT_EQ(Data("\xED\xA0\x80"), "data: \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n");
  EXPECT_EQ(Data("gr\xC3\xBC\xC3\x9F \xF0\x9F\x9A\x80!"),
            "data: gr\xC3\xBC\xC3\x9F \xF0\x9F\x9A\x80!\n");
  EXPECT_EQ(Data("\xEF\xBB\xBF"
                 "bom"),
            "data: \xEF\xBB\xBF"
            "bom\n");
}

// Sixteen bytes are looked at together: a special byte counts at each place of them.
TEST(Sse, SpecialBytesAtEveryPlace) {
  for (size_t size = 1; size < 70; ++size) {
    for (size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = '\n';
      EXPECT_EQ(Data(text),
                "data: " + text.substr(0, at) + "\ndata: " + text.substr(at + 1) + "\n");
      text[at] = '\x0b';
      EXPECT_EQ(Data(text), "data: " + text + "\n");
      text[at] = '\0';
      EXPECT_EQ(Data(text),
                "data: " + text.substr(0, at) + "\xE2\x90\x80" + text.substr(at + 1) + "\n");
    }
  }
}

TEST(Sse, Fields) {
  std::string out;
  AppendSseRetry(out, 2500);
  AppendSseEnd(out);
  AppendSseEvent(out, "gap");
  AppendSseDataLine(out, R"({"from":1})");
  AppendSseEnd(out);
  EXPECT_EQ(out, "retry: 2500\n\nevent: gap\ndata: {\"from\":1}\n\n");
}

}  // namespace
}  // namespace tailrace
