#include "bench/load/answer_reader.h"

#include <gtest/gtest.h>

namespace tailrace::bench {
namespace {

struct Outcome {
  std::string body;
  bool complete;
  bool problem;
  bool operator==(const Outcome&) const = default;
};

// Takes the answer in pieces of `step` bytes.
Outcome Read(std::string_view answer, size_t step) {
  AnswerReader reader;
  std::string body;
  for (; !answer.empty(); answer.remove_prefix(std::min(step, answer.size()))) {
    std::string_view piece = answer.substr(0, step);
    while (!piece.empty()) body.append(reader.Take(piece));
  }
  return {body, reader.Complete(), !reader.Problem().empty()};
}

Outcome Read(std::string_view answer) {
  const Outcome whole = Read(answer, answer.size());
  for (const size_t step : {1, 2, 3, 7}) EXPECT_EQ(Read(answer, step), whole) << step;
  return whole;
}

constexpr std::string_view kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(AnswerReader, TakesChunksApart) {
  EXPECT_EQ(Read(std::string(kChunked) + "3\r\nabc\r\n0000000A\r\n0123456789\r\n"),
            (Outcome{"abc0123456789", false, false}));
  EXPECT_EQ(Read(std::string(kChunked) + "3\r\nabc\r\n0\r\n\r\n"), (Outcome{"abc", true, false}));
}

TEST(AnswerReader, KnowsALength) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"), (Outcome{"abc", true, false}));
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"),
            (Outcome{"abc", false, false}));
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), (Outcome{"", true, false}));
}

TEST(AnswerReader, ReadsToTheEndWithoutFraming) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\nabc"), (Outcome{"abc", false, false}));
}

TEST(AnswerReader, SeesBrokenFraming) {
  EXPECT_TRUE(Read(std::string(kChunked) + "x\r\n").problem);
  EXPECT_TRUE(Read(std::string(kChunked) + "1\r\nab\r\n").problem);
  EXPECT_TRUE(Read(std::string(kChunked) + "0\r\n\r\nmore").problem);
  EXPECT_TRUE(Read(std::string(kChunked) + std::string(100, '1')).problem);
  EXPECT_TRUE(Read("SSH-2.0-x\r\n\r\n").problem);
}

TEST(AnswerReader, TellsStatusAndCoding) {
  AnswerReader reader;
  std::string_view answer = "HTTP/1.1 404 Not Found\r\nCONTENT-ENCODING: gzip\r\n\r\n";
  EXPECT_FALSE(reader.HasHead());
  reader.Take(answer);
  EXPECT_TRUE(reader.HasHead());
  EXPECT_EQ(reader.status(), 404);
  EXPECT_EQ(reader.coding(), "gzip");
}

}  // namespace
}  // namespace tailrace::bench
