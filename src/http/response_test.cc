#include "http/response.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

class FixedClock final : public Clock {
 public:
  TimeNs Now() const override { return now; }
  TimeNs now = 0;
};

TEST(Response, Dates) {
  FixedClock clock;
  DateCache dates(clock);
  EXPECT_EQ(dates.Value(), "Thu, 01 Jan 1970 00:00:00 GMT");
  clock.now = 784111777'999'999'999;
  EXPECT_EQ(dates.Value(), "Sun, 06 Nov 1994 08:49:37 GMT");
  clock.now = 784111778'000'000'000;
  EXPECT_EQ(dates.Value(), "Sun, 06 Nov 1994 08:49:38 GMT");
  clock.now = 1'709'210'096'000'000'000;
  EXPECT_EQ(dates.Value(), "Thu, 29 Feb 2024 12:34:56 GMT");
  clock.now = -1;
  EXPECT_EQ(dates.Value(), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(Response, Heads) {
  std::string out;
  const HeaderField fields[] = {{"Content-Type", "text/plain"}};
  AppendResponseHead(out, {.status = 404, .content_length = 12, .date = "D", .headers = fields});
  EXPECT_EQ(out,
            "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Length: 12\r\n"
            "Content-Type: text/plain\r\n\r\n");
  out.clear();
  AppendResponseHead(out, {.framing = BodyFraming::kChunked, .keep_alive = false});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  out.clear();
  AppendResponseHead(out, {.status = 204, .framing = BodyFraming::kNone, .version_minor = 0});
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
  out.clear();
  Headers more;
  more.Add("A", "1");
  AppendResponseHead(out, {.status = 299,
                           .framing = BodyFraming::kUntilClose,
                           .keep_alive = false,
                           .version_minor = 0,
                           .more_headers = &more});
  EXPECT_EQ(out, "HTTP/1.1 299 \r\nConnection: close\r\nA: 1\r\n\r\n");
}

TEST(Response, ValuesCannotSplitTheAnswer) {
  std::string out;
  AppendHeaderLine(out, "X", std::string_view("a\r\nSet-Cookie: b\0\x7f\t\xC3\xA4", 21));
  EXPECT_EQ(out, "X: a  Set-Cookie: b  \t\xC3\xA4\r\n");
}

TEST(Response, Framing) {
  RequestHead request;
  EXPECT_EQ(ChooseFraming(request, 200, 5), BodyFraming::kLength);
  EXPECT_EQ(ChooseFraming(request, 200, {}), BodyFraming::kChunked);
  EXPECT_EQ(ChooseFraming(request, 204, 0), BodyFraming::kNone);
  EXPECT_EQ(ChooseFraming(request, 304, {}), BodyFraming::kNone);
  EXPECT_TRUE(SendsBody(request, 200));
  EXPECT_FALSE(SendsBody(request, 204));
  request.version_minor = 0;
  EXPECT_EQ(ChooseFraming(request, 200, {}), BodyFraming::kUntilClose);
  request.method = Method::kHead;
  EXPECT_EQ(ChooseFraming(request, 200, 5), BodyFraming::kLength);
  EXPECT_FALSE(SendsBody(request, 200));
}

TEST(Response, Chunks) {
  std::string out;
  AppendChunkHeader(out, 0xBEEF);
  EXPECT_EQ(out, "beef\r\n");
}

}  // namespace
}  // namespace tailrace
