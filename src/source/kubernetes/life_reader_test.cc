#include "source/kubernetes/life_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "ingest/redactor.h"

namespace tailrace {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;
constexpr size_t kEntryBytes = 100;

struct Sink final : LineSink {
  void Take(const EntryRun& run) override {
    EntryReader reader(run.encoded);
    Entry entry;
    uint64_t count = 0;
    while (reader.Next(entry)) {
      texts.push_back(std::string(entry.text) + (entry.partial ? "+" : ""));
      times.push_back(entry.time);
      EXPECT_EQ(entry.source, "web-1/app");
      EXPECT_EQ(entry.stream, "");
      ++count;
    }
    EXPECT_EQ(count, run.count);
  }
  void Flush() override {}
  std::vector<std::string> texts;
  std::vector<TimeNs> times;
};

LifeReadOptions Options() {
  return {.source = "web-1/app", .entry_bytes = kEntryBytes};
}

std::string Sent(TimeNs stamp, const std::string& text) {
  return FormatRfc3339(stamp) + " " + text + "\n";
}

TEST(LifeReader, LinesBecomeEntries) {
  Sink sink;
  ResumePoint point;
  LifeReader reader(point, sink, Options());
  reader.Feed(Sent(7 * kSecond + 3, "one") + Sent(8 * kSecond, "") + "1970-01-01T00");
  EXPECT_EQ(sink.texts, (std::vector<std::string>{"one", ""}));
  EXPECT_EQ(sink.times, (std::vector<TimeNs>{7 * kSecond + 3, 8 * kSecond}));
  EXPECT_EQ(point.lines, 2u);
  EXPECT_EQ(point.last, 8 * kSecond);
}

TEST(LifeReader, LongLinesAreSplitAsEverywhere) {
  Sink sink;
  ResumePoint point;
  LifeReader reader(point, sink, Options());
  reader.Feed(Sent(kSecond, std::string(kEntryBytes - 1, 'x') + "世" + "y"));
  EXPECT_EQ(sink.texts, (std::vector<std::string>{std::string(kEntryBytes - 1, 'x') + "+", "世y"}));
}

TEST(LifeReader, SecretsAreMasked) {
  const auto redactor = Redactor::Make({.builtin = false, .patterns = {"hunter[0-9]"}});
  ASSERT_TRUE(redactor);
  Sink sink;
  ResumePoint point;
  LifeReadOptions options = Options();
  options.redactor = redactor->get();
  LifeReader reader(point, sink, options);
  reader.Feed(Sent(kSecond, "password hunter2!"));
  EXPECT_EQ(sink.texts, std::vector<std::string>{"password ***!"});
}

TEST(LifeReader, AGapIsForWhoAsksToDecide) {
  Sink sink;
  ResumePoint point;
  LifeReader(point, sink, Options()).Feed(Sent(kSecond, "one"));
  LifeReader halted(point, sink, Options());
  halted.Feed(Sent(9 * kSecond, "nine"));
  EXPECT_EQ(halted.halt(), LifeReader::Halt::kElsewhere);
  EXPECT_EQ(sink.texts.size(), 1u);
  LifeReadOptions options = Options();
  options.on_gap = [&] { sink.texts.emplace_back("gap"); };
  LifeReader reader(point, sink, options);
  reader.Feed(Sent(9 * kSecond, "nine"));
  EXPECT_EQ(sink.texts, (std::vector<std::string>{"one", "gap", "nine"}));
  EXPECT_EQ(point.Since(), 9);
}

TEST(LifeReader, ALineThatLostItsEndIsClosed) {
  Sink sink;
  ResumePoint point;
  const std::string part(3 * LogStreamParser::kPartBytes, 'p');
  LifeReader(point, sink, Options())
      .Feed(Sent(kSecond, "one") + FormatRfc3339(kSecond) + " " + part);
  ASSERT_GT(point.pieces, 0u);
  LifeReadOptions options = Options();
  options.on_gap = [] {};
  LifeReader reader(point, sink, options);
  reader.Feed(Sent(9 * kSecond, "nine"));
  ASSERT_GE(sink.texts.size(), 2u);
  EXPECT_EQ(sink.texts.back(), "nine");
  EXPECT_EQ(sink.texts[sink.texts.size() - 2], "");
  EXPECT_EQ(point.pieces, 0u);
}

TEST(LifeReader, LinesOfAnotherLifeAreNotTaken) {
  Sink sink;
  ResumePoint point;
  LifeReadOptions options = Options();
  options.until = 5 * kSecond;
  LifeReader other(point, sink, options);
  other.Feed(Sent(5 * kSecond, "other") + Sent(kSecond, "two"));
  EXPECT_EQ(other.halt(), LifeReader::Halt::kOtherLife);
  EXPECT_TRUE(sink.texts.empty());
  // What a runtime has written late is this life's all the same.
  LifeReader reader(point, sink, options);
  reader.Feed(Sent(kSecond, "one") + Sent(5 * kSecond, "late"));
  EXPECT_EQ(sink.texts, (std::vector<std::string>{"one", "late"}));
}

TEST(LifeReader, LinesBeforeTheLogAreLeftOut) {
  Sink sink;
  ResumePoint point;
  point.after_gap = true;
  LifeReadOptions options = Options();
  options.since = 5 * kSecond + 5;
  LifeReader reader(point, sink, options);
  const std::string file = Sent(5 * kSecond, "old") + Sent(5 * kSecond + 5, "new");
  reader.Feed(file);
  EXPECT_EQ(sink.texts, std::vector<std::string>{"new"});
  LifeReader again(point, sink, Options());
  again.Feed(file + Sent(5 * kSecond + 6, "newer"));
  EXPECT_EQ(sink.texts, (std::vector<std::string>{"new", "newer"}));
}

// Cut at any byte, also inside lines of many entries, and resumed: the same entries as in one go.
TEST(LifeReader, CutAnywhere) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<TimeNs, std::string>> lines;
    TimeNs now = 100 * kSecond;
    for (int n = 0; n < 30; ++n) {
      now += random() % 3 == 0 ? static_cast<TimeNs>(random() % kSecond) : random() % 2;
      const size_t size = random() % 6 == 0 ? random() % 70'000 : random() % 150;
      lines.emplace_back(now, std::string(size, static_cast<char>('a' + n % 26)));
    }
    const auto sent = [&](std::optional<int64_t> since_s) {
      std::string bytes;
      for (const auto& [stamp, text] : lines) {
        if (!since_s || stamp >= *since_s * kSecond) bytes += Sent(stamp, text);
      }
      return bytes;
    };
    Sink once;
    ResumePoint whole;
    LifeReader(whole, once, Options()).Feed(sent(std::nullopt));
    Sink cut;
    ResumePoint point;
    for (int reads = 0; reads < 20; ++reads) {
      LifeReader reader(point, cut, Options());
      std::string bytes = sent(point.Since());
      if (reads < 19) bytes.resize(random() % bytes.size());
      for (size_t at = 0; at < bytes.size(); at += 10'000) reader.Feed(bytes.substr(at, 10'000));
      EXPECT_EQ(reader.halt(), LifeReader::Halt::kNone) << "seed " << seed;
    }
    EXPECT_EQ(cut.texts, once.texts) << "seed " << seed;
    EXPECT_EQ(cut.times, once.times) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tailrace
