#include "source/line_assembler.h"

#include <gtest/gtest.h>

#include <iostream>
#include <vector>

#include "base/random.h"

namespace tailrace {
namespace {

struct Collector {
  std::vector<std::string> lines;  // "text|" whole, "text+" partial
  std::vector<TimeNs> times;
  LineAssembler assembler;

  explicit Collector(LineLimits limits = {})
      : assembler(limits, [this](const Line& line) {
          lines.push_back(std::string(line.text) + (line.partial ? "+" : "|"));
          times.push_back(line.time);
        }) {}
  void At(int64_t ms, std::string_view bytes) { assembler.Feed(bytes, {ms * 1'000'000, ms}); }
  void Tick(int64_t ms) { assembler.Tick({ms * 1'000'000, ms}); }
  void Finish(int64_t ms = 0) { assembler.Finish({ms * 1'000'000, ms}); }
};

using Lines = std::vector<std::string>;

TEST(LineAssembler, EndsLinesAtLfAndCrlfOnly) {
  Collector c;
  c.At(0, "one\ntwo\r\n\nth\rree\n\r\nlast");
  c.Finish();
  EXPECT_EQ(c.lines, (Lines{"one|", "two|", "|", "th\rree|", "|", "last|"}));
}

TEST(LineAssembler, OneByteAtATimeGivesTheSame) {
  Collector c;
  for (const char byte : std::string_view("one\ntwo\r\n\nth\rree\n\r\nlast")) {
    c.At(0, std::string_view(&byte, 1));
  }
  c.Finish();
  EXPECT_EQ(c.lines, (Lines{"one|", "two|", "|", "th\rree|", "|", "last|"}));
}

TEST(LineAssembler, AnUnfinishedLineGoesOutAfterItsTime) {
  Collector c;
  c.At(1000, "Pass");
  EXPECT_EQ(c.assembler.DeadlineMs(), 1200);
  c.At(1100, "word: ");
  EXPECT_EQ(c.assembler.DeadlineMs(), 1200);  // of the first byte
  c.Tick(1199);
  EXPECT_TRUE(c.lines.empty());
  c.Tick(1200);
  EXPECT_EQ(c.lines, (Lines{"Password: +"}));
  EXPECT_EQ(c.assembler.DeadlineMs(), std::nullopt);
  c.At(5000, "ok\nnext\n");
  EXPECT_EQ(c.lines, (Lines{"Password: +", "ok|", "next|"}));
  EXPECT_EQ(c.times[0], 1'000'000'000);
  EXPECT_EQ(c.times[1], 5'000'000'000);
}

TEST(LineAssembler, APartialLineIsAlwaysFollowedByItsRest) {
  Collector c;
  c.At(0, "a");
  c.Tick(200);
  c.Finish(300);
  EXPECT_EQ(c.lines, (Lines{"a+", "|"}));
}

TEST(LineAssembler, PartialsDoNotCutCharactersOrLineEnds) {
  Collector c;
  c.At(0, "x\xE2\x82");
  c.Tick(200);
  EXPECT_EQ(c.lines, (Lines{"x+"}));
  EXPECT_EQ(c.assembler.DeadlineMs(), std::nullopt);  // nothing that could go out
  c.At(300, "\xAC\r");
  c.Tick(500);
  c.At(600, "\n");
  EXPECT_EQ(c.lines, (Lines{"x+", "\xE2\x82\xAC+", "|"}));
}

TEST(LineAssembler, IllFormedBytesAreNotHeldBackForEver) {
  Collector c;
  c.At(0, "\x80\x80\x80\xFF");
  c.Tick(200);
  EXPECT_EQ(c.lines, (Lines{"\x80\x80\x80\xFF+"}));
}

TEST(LineAssembler, LongLinesGoOutInPieces) {
  Collector c({.piece_bytes = 4});
  c.At(0, "abcdefghij\nklmn\nopqr\r\nst\xE2\x82\xACz");
  c.Finish();
  EXPECT_EQ(c.lines, (Lines{"abcd+", "efgh+", "ij|", "klmn|", "opqr|", "st+", "\xE2\x82\xACz|"}));
}

// However the bytes are cut and whenever ticks come: joined pieces are the lines.
TEST(LineAssembler, AnyCutsJoinToTheSameLines) {
  const uint64_t seed = SystemRandom().Next();
  std::cout << "seed " << seed << "\n";
  SeededRandom random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string input;
    static constexpr std::string_view kAlphabet[] = {"a",        "\n",   "\r", "\r\n",
                                                     "\xC3\xA9", "\xFF", "\0"};
    for (int i = 0; i < 60; ++i) input += kAlphabet[random.Between(0, 6)];
    Lines expected;
    Collector whole;
    whole.At(0, input);
    whole.Finish();
    Collector cut({.piece_bytes = 5});
    int64_t now = 0;
    for (size_t at = 0; at < input.size();) {
      const size_t size = std::min<size_t>(input.size() - at, random.Between(1, 9));
      cut.At(now, std::string_view(input).substr(at, size));
      at += size;
      now += static_cast<int64_t>(random.Between(0, 300));
      cut.Tick(now);
    }
    cut.Finish(now);
    Lines joined;
    std::string line;
    for (const std::string& piece : cut.lines) {
      ASSERT_LE(piece.size(), 6u);
      line += piece.substr(0, piece.size() - 1);
      if (piece.back() == '+') continue;
      joined.push_back(line + "|");
      line.clear();
    }
    ASSERT_EQ(joined, whole.lines) << "round " << round;
  }
}

}  // namespace
}  // namespace tailrace
