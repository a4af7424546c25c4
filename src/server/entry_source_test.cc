#include "server/entry_source.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

// A store that answers reads from a script.
class ScriptedStore final : public LogStore {
 public:
  std::vector<ReadItem> items;
  uint64_t number = 1;
  int reads = 0;

  void Append(AppendRequest) override {}
  void Create(CreateRequest) override {}
  void End(EndRequest) override {}
  void Remove(RemoveRequest) override {}
  Result<LogInfo> Stat(const LogKey&) override { return Fail(ErrorCode::kNotFound, ""); }
  Result<ReadAnswer> Read(const LogKey&, Position from, size_t) override {
    ++reads;
    ReadAnswer answer;
    answer.info.number = number;
    for (const ReadItem& item : items) {
      if (item.end > from && answer.items.empty()) answer.items.push_back(item);
    }
    return answer;
  }
  Result<Position> FindTextOffset(const LogKey&, uint64_t) override { return Position{0}; }
  Result<ListAnswer> List(const ListQuery&) override { return ListAnswer{}; }
  Result<void> ApplyRetention() override { return {}; }
  StoreStats Stats() const override { return {}; }
  void SetCommitListener(CommitListener) override {}
};

ReadItem Item(Position begin, const std::vector<std::string>& texts, uint64_t text_offset) {
  auto chunk = std::make_shared<Chunk>();
  chunk->begin = begin;
  chunk->end = begin + texts.size();
  chunk->text_offset = text_offset;
  for (const std::string& text : texts) EncodeEntry(chunk->encoded, {.text = text});
  return {.begin = chunk->begin, .end = chunk->end, .chunk = chunk};
}

class TextSource final : public EntrySource {
 public:
  using EntrySource::EntrySource;
  using EntrySource::SetTextOffset;

  Position stop_at = UINT64_MAX;

  std::string ReadAll() {
    std::string all;
    for (;;) {
      const Result<std::string> piece = Next();
      if (!piece) return "error: " + piece.error().message;
      if (piece->empty()) return all;
      all.append(*piece);
    }
  }

 private:
  void Begin(std::string& out) override { out.append("<"); }
  void Add(std::string& out, Position n, const Entry& entry) override {
    out.append(std::to_string(n)).append(entry.text).append(" ");
    if (n == stop_at) Stop();
  }
  Result<void> AddGap(std::string& out, const ReadItem& gap,
                      std::optional<uint64_t> bytes) override {
    out.append("gap" + std::to_string(gap.begin) + "-" + std::to_string(gap.end) + ":" +
               (bytes ? std::to_string(*bytes) : "?") + " ");
    return {};
  }
  void End(std::string& out) override { out.append(">"); }
};

LogInfo Info() {
  LogInfo info;
  info.key = {"deploy", "1"};
  info.number = 1;
  return info;
}

TEST(EntrySource, GivesTheRangeFromBlocksThatAreLarger) {
  ScriptedStore store;
  store.items = {Item(0, {"a", "b"}, 0), Item(2, {"c", "d"}, 4)};
  EXPECT_EQ(TextSource(store, Info(), 1, 3).ReadAll(), "<1b 2c >");
  EXPECT_EQ(TextSource(store, Info(), 0, 0).ReadAll(), "<>");
}

TEST(EntrySource, AGapBetweenChunksKnowsItsSize) {
  ScriptedStore store;
  store.items = {Item(0, {"a"}, 0),
                 {.begin = 1, .end = 5, .cause = GapCause::kDamaged},
                 Item(5, {"f"}, 42),
                 {.begin = 6, .end = 8, .cause = GapCause::kDamaged}};
  EXPECT_EQ(TextSource(store, Info(), 0, 8).ReadAll(), "<0a gap1-5:40 5f gap6-8:? >");
}

TEST(EntrySource, AGapAtTheStartKnowsItsSizeIfItIsToldWhereTheTextBegins) {
  ScriptedStore store;
  store.items = {{.begin = 3, .end = 5, .cause = GapCause::kRetention}, Item(5, {"f"}, 42)};
  EXPECT_EQ(TextSource(store, Info(), 3, 6).ReadAll(), "<gap3-5:? 5f >");
  TextSource told(store, Info(), 3, 6);
  told.SetTextOffset(30);
  EXPECT_EQ(told.ReadAll(), "<gap3-5:12 5f >");
}

TEST(EntrySource, GapsSideBySideAreOne) {
  ScriptedStore store;
  store.items = {Item(0, {"a"}, 0),
                 {.begin = 1, .end = 2, .cause = GapCause::kDamaged},
                 {.begin = 2, .end = 5, .cause = GapCause::kDamaged},
                 Item(5, {"f"}, 42)};
  EXPECT_EQ(TextSource(store, Info(), 0, 6).ReadAll(), "<0a gap1-5:40 5f >");
}

TEST(EntrySource, ReadsNoFurtherThanNeeded) {
  ScriptedStore store;
  for (Position n = 0; n < 100; ++n) store.items.push_back(Item(n, {"x"}, 2 * n));
  TextSource source(store, Info(), 0, 100);
  source.stop_at = 2;
  EXPECT_EQ(source.ReadAll(), "<0x 1x 2x >");
  EXPECT_EQ(store.reads, 3);
}

TEST(EntrySource, ALogThatWasReplacedMeanwhileIsAnError) {
  ScriptedStore store;
  store.items = {Item(0, {"a"}, 0)};
  store.number = 2;
  EXPECT_TRUE(TextSource(store, Info(), 0, 1).ReadAll().starts_with("error: deploy/1 was deleted"));
}

}  // namespace
}  // namespace tailrace
