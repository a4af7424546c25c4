#include "source/kubernetes/log_stream_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tailrace {
namespace {

constexpr std::string_view kStamp = "2026-11-23T04:22:50.291539518Z ";
constexpr std::string_view kLater = "2026-11-23T04:22:50.291539999Z ";
constexpr TimeNs kTime = 1795407770291539518;
const std::string kId(64, 'c');

struct ReadLine {
  TimeNs time = 0;
  std::string text;
  bool operator==(const ReadLine&) const = default;
};

void PrintTo(const ReadLine& line, std::ostream* out) {
  *out << line.time << " " << line.text.substr(0, 80) << " (" << line.text.size() << ")";
}

struct Reading {
  std::vector<ReadLine> lines;
  std::string said;  // by the kubelet
};

// Feeds pieces of random sizes up to `most`; 0: all at once.
Reading Read(std::string_view bytes, size_t most = 0, unsigned seed = 1) {
  Reading reading;
  bool open = false;
  LogStreamParser parser(kId, [&](const LogPiece& piece) {
    EXPECT_EQ(piece.begins, !open);
    if (piece.begins) reading.lines.emplace_back(piece.time);
    EXPECT_EQ(piece.time, reading.lines.back().time);
    reading.lines.back().text += piece.text;
    open = !piece.ends;
  });
  std::mt19937 random(seed);
  while (!bytes.empty()) {
    const size_t size = most == 0 ? bytes.size() : 1 + random() % most;
    parser.Feed(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  reading.said = parser.Finish();
  EXPECT_FALSE(open);
  EXPECT_TRUE(parser.AtLineStart());
  return reading;
}

// The same however the bytes come.
Reading ReadAllWays(std::string_view bytes) {
  Reading whole = Read(bytes);
  for (const size_t most : {1, 7, 5'000, 40'000}) {
    const Reading other = Read(bytes, most, static_cast<unsigned>(most));
    EXPECT_EQ(other.lines, whole.lines) << most;
    EXPECT_EQ(other.said, whole.said) << most;
  }
  return whole;
}

std::vector<std::string> Texts(const Reading& reading) {
  std::vector<std::string> texts;
  texts.reserve(reading.lines.size());
  for (const ReadLine& line : reading.lines) texts.push_back(line.text);
  return texts;
}

std::string Join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

const std::string kPart(LogStreamParser::kPartBytes, 'p');

TEST(LogStreamParser, ReadsLinesAsTheyCame) {
  using namespace std::string_view_literals;
  const Reading reading = ReadAllWays(
      Join({kStamp, "one\n", kStamp, "\n", kLater, " two\r\n", kStamp, "a\0b\xff\r\x1b[1m\n"sv}));
  EXPECT_EQ(Texts(reading),
            (std::vector<std::string>{"one", "", " two\r", std::string("a\0b\xff\r\x1b[1m"sv)}));
  EXPECT_EQ(reading.lines[0].time, kTime);
  EXPECT_EQ(reading.lines[2].time, kTime + 481);
  EXPECT_EQ(reading.said, "");
}

TEST(LogStreamParser, ReadsStampsOfAnyZone) {
  const Reading reading = ReadAllWays(
      "2026-11-23T09:52:50.291539518+05:30 in India\n"
      "2026-11-22T20:22:50.291539518-08:00 in California\n");
  EXPECT_EQ(reading.lines, (std::vector<ReadLine>{{kTime, "in India"}, {kTime, "in California"}}));
}

TEST(LogStreamParser, TakesNothingElseForAStamp) {
  for (const std::string_view text :
       {"2026-11-23T04:22:50.29153951Z x", "2026-11-23 04:22:50.291539518Z x",
        "2026-11-23T04:22:50,291539518Z x", "2026-13-23T04:22:50.291539518Z x",
        "2026-11-23T04:22:50.291539518Zx", "2026-11-23T04:22:50.29153951aZ x", "", "Z"}) {
    EXPECT_FALSE(ParseKubeletStamp(text)) << text;
  }
  EXPECT_EQ(ParseKubeletStamp(kStamp)->size, kStamp.size());
}

TEST(LogStreamParser, DropsWhatTheKubeletAppends) {
  const std::string words = "rpc error: code = NotFound desc = container \"" + kId + "\" not found";
  const Reading reading = ReadAllWays(Join({kStamp, "last\n", words}));
  EXPECT_EQ(Texts(reading), std::vector<std::string>{"last"});
  EXPECT_EQ(reading.said, words);
  EXPECT_EQ(ReadAllWays(words).lines.size(), 0u);
  EXPECT_EQ(ReadAllWays("unable to retrieve container logs for containerd://x").lines.size(), 0u);
}

TEST(LogStreamParser, TellsItFromAnUnfinishedLine) {
  const std::string words = "rpc error: code = NotFound desc = container \"" + kId + "\" not found";
  const Reading glued = ReadAllWays(Join({kStamp, "no newline", words}));
  EXPECT_EQ(Texts(glued), std::vector<std::string>{"no newline"});
  EXPECT_EQ(glued.said, words);
  // A line of the container's own about another one, and one that has ended.
  const std::string other = "rpc error: code = NotFound desc = container \"other\" not found";
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, other}))), std::vector<std::string>{other});
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, words, "\n"}))), std::vector<std::string>{words});
}

TEST(LogStreamParser, KeepsAnUnfinishedLastLine) {
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, "a\n", kStamp, "half"}))),
            (std::vector<std::string>{"a", "half"}));
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, kPart, kPart, "half"}))),
            std::vector<std::string>{kPart + kPart + "half"});
  EXPECT_EQ(Texts(ReadAllWays(kStamp)), std::vector<std::string>{""});
}

TEST(LogStreamParser, RemovesStampsBetweenParts) {
  EXPECT_EQ(
      Texts(ReadAllWays(Join({kStamp, kPart, kLater, kPart, kLater, "end\n", kStamp, "n\n"}))),
      (std::vector<std::string>{kPart + kPart + "end", "n"}));
  // The last part is empty, or the line's text ends in the middle of a character.
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, kPart, kLater, "\n"}))),
            std::vector<std::string>{kPart});
  std::string text(LogStreamParser::kPartBytes - 2, 'x');
  text += "世界 ✓";
  const std::string_view view = text;
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, view.substr(0, LogStreamParser::kPartBytes), kLater,
                                    view.substr(LogStreamParser::kPartBytes), "\n"}))),
            std::vector<std::string>{text});
}

TEST(LogStreamParser, LeavesOtherStampsAlone) {
  // Of a kubelet that puts none between parts.
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, kPart, kPart, "e\n", kStamp, kPart, kLater, "\n"}))),
            (std::vector<std::string>{kPart + kPart + "e", kPart + std::string(kLater)}));
  // Not at a part's end.
  const std::string inside = Join({kPart.substr(1), kLater, "rest"});
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, inside, "\n"}))), std::vector<std::string>{inside});
  // Text of the container's behind the genuine one.
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, kPart, kLater, kLater, "x\n"}))),
            std::vector<std::string>{kPart + std::string(kLater) + "x"});
  // A stamp that is older than the line.
  const std::string old = "2020-11-23T04:22:50.291539518Z ";
  EXPECT_EQ(Texts(ReadAllWays(Join({kStamp, kPart, old, "x\n"}))),
            std::vector<std::string>{kPart + old + "x"});
}

TEST(LogStreamParser, KeepsALineWithoutStamp) {
  const Reading reading = ReadAllWays(Join({kStamp, "a\n", "no stamp\n", kLater, "b\n"}));
  EXPECT_EQ(reading.lines,
            (std::vector<ReadLine>{{kTime, "a"}, {kTime, "no stamp"}, {kTime + 481, "b"}}));
}

// Lines of any text, written as a kubelet of either kind would, come back.
TEST(LogStreamParser, AnyLinesComeBack) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const bool stamps = random() % 2 == 0;
    std::vector<std::string> lines;
    std::string stream;
    for (unsigned n = random() % 8; n > 0; --n) {
      std::string line;
      const size_t size = random() % 4 == 0 ? random() % 60'000 : random() % 100;
      while (line.size() < size) {
        if (random() % 50 == 0) line += kStamp;
        line += static_cast<char>(random() % 256 == '\n' ? 0 : 'a' + random() % 26);
      }
      // What looks like a stamp just where a part ends is a kubelet's that writes them.
      for (size_t at = kPart.size(); at < line.size(); at += kPart.size()) line[at] = '#';
      stream += kStamp;
      for (size_t at = 0; at == 0 || at < line.size(); at += kPart.size()) {
        if (at > 0 && stamps) stream += kLater;
        stream += line.substr(at, kPart.size());
      }
      stream += '\n';
      lines.push_back(std::move(line));
    }
    EXPECT_EQ(Texts(Read(stream, 1 + random() % 30'000, seed)), lines) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tailrace
