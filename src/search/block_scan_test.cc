#include "search/block_scan.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <array>
#include <map>

#include "base/random.h"
#include "base/text.h"

namespace tailrace {
namespace {

struct Line {
  std::string text;
  std::string stream = "";
  std::string source = "";
  std::string level = "";
  TimeNs time = 0;
};

Chunk MakeChunk(const std::vector<Line>& lines, Position begin = 0) {
  Chunk chunk{.begin = begin, .end = begin + lines.size()};
  for (const Line& line : lines) {
    EncodeEntry(chunk.encoded, {.time = line.time,
                                .text = line.text,
                                .stream = line.stream,
                                .source = line.source,
                                .level = line.level});
  }
  return chunk;
}

using Found = std::map<Position, std::vector<Columns>>;

Found ScanAll(const Chunk& chunk, const Pattern& pattern, const EntryFilter& filter, Position from,
              Position end) {
  BlockScan scan(pattern, filter);
  scan.Open(chunk, from, end);
  Found found;
  for (;;) {
    const BlockScan::Step step = scan.Advance();
    if (step == BlockScan::Step::kMatch) found[scan.Matched()] = scan.FindAll().columns;
    if (step == BlockScan::Step::kCorrupt) ADD_FAILURE() << "corrupt";
    if (step != BlockScan::Step::kMatch && step != BlockScan::Step::kPause) break;
  }
  EXPECT_EQ(scan.Next(), end);
  return found;
}

Found Search(const std::vector<Line>& lines, std::string_view text, PatternOptions options = {},
             const EntryFilter& filter = {}) {
  const auto pattern = Pattern::Compile(text, options);
  EXPECT_TRUE(pattern);
  const Chunk chunk = MakeChunk(lines, 10);
  return ScanAll(chunk, **pattern, filter, chunk.begin, chunk.end);
}

TEST(BlockScan, TellsPositionsAndColumns) {
  EXPECT_EQ(Search({{"an error"}, {"fine"}, {"Error, error"}}, "error"),
            (Found{{10, {{3, 8}}}, {12, {{0, 5}, {7, 12}}}}));
  EXPECT_EQ(Search({{"fine"}}, "error"), Found());
}

TEST(BlockScan, LooksIntoTextsOnly) {
  const std::vector<Line> lines = {{"x", "error", "error/error", "error"}, {"error"}};
  EXPECT_EQ(Search(lines, "error"), (Found{{11, {{0, 5}}}}));
  EXPECT_EQ(Search(lines, "error", {.match_case = true}), (Found{{11, {{0, 5}}}}));
  // A match that would begin in one field or entry and end in another is none.
  EXPECT_EQ(Search({{"er"}, {"ror"}, {"x", "", "er", "ror"}}, "error"), Found());
}

TEST(BlockScan, FindsWhatIsSeenAcrossColours) {
  EXPECT_EQ(Search({{"\x1b[31mER\x1b[0mROR"}}, "error"), (Found{{10, {{5, 14}}}}));
  EXPECT_EQ(Search({{"\x1b[31mx"}}, "31"), Found());
}

TEST(BlockScan, ChoosesByStreamSourceAndLevel) {
  const std::vector<Line> lines = {{"a", "stdout", "web/app", "INFO"},
                                   {"a", "stderr", "web/app", "Error"},
                                   {"a", "stderr", "db/app", ""},
                                   {"b", "stderr", "db/app", ""}};
  const Found second{{11, {{0, 1}}}};
  EXPECT_EQ(Search(lines, "a", {}, {.levels = {"error"}}), second);
  EXPECT_EQ(Search(lines, "a", {}, {.streams = {"stderr"}, .sources = {"web/app"}}), second);
  EXPECT_EQ(Search(lines, "a", {}, {.sources = {"web/app", "db/app"}}).size(), 3u);
  EXPECT_EQ(Search(lines, "a", {}, {.levels = {""}}), (Found{{12, {{0, 1}}}}));
  EXPECT_EQ(Search(lines, "", {}, {.streams = {"stderr"}}), (Found{{11, {}}, {12, {}}, {13, {}}}));
}

TEST(BlockScan, BeginsAndEndsInsideTheBlock) {
  const auto pattern = Pattern::Compile("a", {});
  const Chunk chunk = MakeChunk({{"a"}, {"a"}, {"a"}, {"a"}}, 5);
  EXPECT_EQ(ScanAll(chunk, **pattern, {}, 6, 8), (Found{{6, {{0, 1}}}, {7, {{0, 1}}}}));
  EXPECT_EQ(ScanAll(chunk, **pattern, {}, 9, 9), Found());
}

TEST(BlockScan, PausesWhereMuchWasLookedAt) {
  const auto pattern = Pattern::Compile("x+y", {.regex = true});
  const EntryFilter all;
  BlockScan scan(**pattern, all);
  const Chunk chunk = MakeChunk(std::vector<Line>(3000, {std::string(100, 'x')}));
  scan.Open(chunk, 0, chunk.end);
  int pauses = 0;
  while (scan.Advance() == BlockScan::Step::kPause) ++pauses;
  EXPECT_GT(pauses, 15);
  EXPECT_LT(pauses, 25);
  EXPECT_EQ(scan.Next(), chunk.end);
}

TEST(BlockScan, SaysWhereABlockIsBroken) {
  const auto pattern = Pattern::Compile("x.", {.regex = true});
  const EntryFilter all;
  BlockScan scan(**pattern, all);
  Chunk chunk = MakeChunk({{"ab"}, {"ab"}});
  chunk.encoded.pop_back();
  scan.Open(chunk, 0, chunk.end);
  EXPECT_EQ(scan.Advance(), BlockScan::Step::kCorrupt);
  EXPECT_EQ(scan.Next(), 1u);
}

TEST(BlockScan, TellsSoManyMatchesOfAnEntry) {
  const EntryFilter all;
  for (const char* text : {"ab", "a[b]"}) {
    const auto pattern = Pattern::Compile(text, {.regex = true});
    BlockScan scan(**pattern, all);
    std::string many;
    for (size_t i = 0; i < kMaxMatchesOfEntry; ++i) many.append("ab ");
    const Chunk chunk = MakeChunk({{many}, {many + "ab"}});
    scan.Open(chunk, 0, chunk.end);
    ASSERT_EQ(scan.Advance(), BlockScan::Step::kMatch);
    const EntryMatches exact = scan.FindAll();
    EXPECT_EQ(exact.columns.size(), kMaxMatchesOfEntry);
    EXPECT_FALSE(exact.more);
    ASSERT_EQ(scan.Advance(), BlockScan::Step::kMatch);
    const EntryMatches more = scan.FindAll();
    EXPECT_EQ(more.columns.size(), kMaxMatchesOfEntry);
    EXPECT_TRUE(more.more);
  }
}

// Each of its matches looks at all that is left of the entry, which is long.
TEST(BlockScan, StopsWhereTellingMoreWouldNotBeLinear) {
  const auto pattern = Pattern::Compile("a(.*b)?", {.regex = true});
  const EntryFilter all;
  BlockScan scan(**pattern, all);
  const Chunk chunk = MakeChunk({{std::string(1 << 20, 'a')}});
  scan.Open(chunk, 0, chunk.end);
  BlockScan::Step step = scan.Advance();
  while (step == BlockScan::Step::kPause) step = scan.Advance();
  ASSERT_EQ(step, BlockScan::Step::kMatch);
  const EntryMatches found = scan.FindAll();
  EXPECT_TRUE(found.more);
  EXPECT_LE(found.columns.size(), 17u);
  EXPECT_GE(found.columns.size(), 10u);
}

// ------------------------------------------------------------------------------------------------
// Against a loop over lines that knows nothing of blocks.

constexpr std::array kPieces = {
    "a",      "b",    "A",     "B",          "er",       "ROR",  " ",          "\xC3\xA4",
    "\x1b[m", "\x1b", "\x1b[", "\x1b]0;a\a", "\x1b[31m", "\xFF", "\xE2\x82",   "\xF0\x9F\x9A\x80",
    "\r",     "\n",   "0",     "\x1b(B",     "\xC3",     ".",    "\x1b]8;;ab", "\xEF\xBF\xBD"};
constexpr std::array kTexts = {
    "a",   "ab",           "error", "aa",   "\xC3\xA4",     "0", "\xF0\x9F\x9A\x80", "\n",
    "b a", "\xEF\xBF\xBD", ".",     "\x1b", "a\xEF\xBF\xBD"};
constexpr std::array kExpressions = {"a+b",    "^a",     "b$", "[^a]b",     "er|a",
                                     "\\ba",   "(?s).b", "a.", "\\x{fffd}", "x*",
                                     "(a|b)+", "^$",     "a|", "\\pL\\pN"};

std::string RandomText(SeededRandom& random) {
  std::string text;
  for (uint64_t left = random.Between(0, 12); left > 0; --left) {
    text.append(kPieces.at(random.Between(0, kPieces.size() - 1)));
  }
  return text;
}

// What is seen of a text, and the column of each of its bytes.
struct Seen {
  std::string text;
  std::vector<Columns> columns;
};

uint64_t UnitsOf(std::string_view text) {
  uint64_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += byte >= 0xF0 ? 2 : ((byte & 0xC0) == 0x80 ? 0 : 1);
  }
  return units;
}

Seen SeenOf(std::string_view raw) {
  static const RE2 kSequence(
      "(\\x1b\\[[0-?]*[ -/]*[@-~]|\\x1b[\\]PX^_][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)|"
      "\\x1b[ -/]*[0-Z\\\\^-~])");
  std::string text;
  AppendValidUtf8(text, raw);
  Seen seen;
  uint64_t column = 0;
  size_t at = 0;
  while (at < text.size()) {
    re2::StringPiece found;
    if (kSequence.Match(text, at, text.size(), RE2::ANCHOR_START, &found, 1)) {
      at += found.size();
      column += UnitsOf({found.data(), found.size()});
      continue;
    }
    const size_t size = ValidUtf8Length(std::string_view(text).substr(at));
    const Columns columns{column, column + (size == 4 ? 2 : 1)};
    seen.columns.insert(seen.columns.end(), size, columns);
    seen.text.append(text, at, size);
    column = columns.end;
    at += size;
  }
  return seen;
}

std::optional<std::vector<Columns>> SearchLine(const Seen& seen, const RE2& expression) {
  if (!RE2::PartialMatch(seen.text, expression)) return std::nullopt;
  std::vector<Columns> all;
  size_t at = 0;
  re2::StringPiece found;
  while (at <= seen.text.size() &&
         expression.Match(seen.text, at, seen.text.size(), RE2::UNANCHORED, &found, 1)) {
    const auto begin = static_cast<size_t>(found.data() - seen.text.data());
    const size_t end = begin + found.size();
    at = end;
    if (end > begin) {
      all.push_back({seen.columns[begin].begin, seen.columns[end - 1].end});
    } else {
      at += at < seen.text.size() ? ValidUtf8Length(std::string_view(seen.text).substr(at)) : 1;
    }
  }
  return all;
}

Found SearchLines(const std::vector<Line>& lines, std::string_view text, PatternOptions options,
                  const EntryFilter& filter) {
  RE2::Options how;
  how.set_case_sensitive(options.match_case);
  how.set_literal(!options.regex);
  const RE2 expression(re2::StringPiece(text.data(), text.size()), how);
  Found found;
  for (size_t n = 0; n < lines.size(); ++n) {
    const Entry entry{.stream = lines[n].stream, .source = lines[n].source};
    const auto columns = SearchLine(SeenOf(lines[n].text), expression);
    if (columns && filter.Fits(entry)) found[n] = *columns;
  }
  return found;
}

std::vector<Line> RandomLines(SeededRandom& random) {
  std::vector<Line> lines(random.Between(1, 30));
  for (Line& line : lines) {
    line.text = RandomText(random);
    if (random.Between(0, 3) == 0) line.stream = RandomText(random);
    if (random.Between(0, 3) == 0) line.source = "ab";
    line.time = static_cast<TimeNs>(random.Next() >> 2);  // now and then with 0x1B in it
  }
  return lines;
}

TEST(BlockScan, FindsWhatALoopOverLinesFinds) {
  const uint64_t seed = SystemRandom().Next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 3000; ++round) {
    const std::vector<Line> lines = RandomLines(random);
    const PatternOptions options{.regex = random.Between(0, 1) == 1,
                                 .match_case = random.Between(0, 1) == 1};
    const std::string text = options.regex
                                 ? kExpressions.at(random.Between(0, kExpressions.size() - 1))
                                 : kTexts.at(random.Between(0, kTexts.size() - 1));
    EntryFilter filter;
    if (random.Between(0, 4) == 0) filter.sources = {"ab"};
    const auto pattern = Pattern::Compile(text, options);
    ASSERT_TRUE(pattern);
    const Chunk chunk = MakeChunk(lines);
    ASSERT_EQ(ScanAll(chunk, **pattern, filter, 0, chunk.end),
              SearchLines(lines, text, options, filter))
        << "pattern '" << text << "' regex " << options.regex << " case " << options.match_case;
  }
}

}  // namespace
}  // namespace tailrace
