#include "store/rocksdb/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <fstream>
#include <iterator>

#include "store/rocksdb/commit_record.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/temp_directory.h"
#include "store/testing.h"

namespace tailrace::rocks {
namespace {

using ::testing::HasSubstr;

std::string Hex(std::string_view bytes) {
  constexpr size_t kPerLine = 24;
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out.append(i % kPerLine == 0 ? "\n      " : " ");
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(bytes[i]));
    out.append(digits);
  }
  return out;
}

std::string DumpStore(const std::string& directory) {
  constexpr const char* kNames[] = {"default", "blocks",    "index", "logs",
                                    "list",    "producers", "rows",  "row_extents"};
  auto database = Database::Open(directory + "/db", StoreOptions(), {});
  EXPECT_TRUE(database.has_value());
  std::string dump;
  for (size_t i = 0; i < kFamilies; ++i) {
    const std::unique_ptr<rocksdb::Iterator> all(
        (*database)->db().NewIterator({}, (*database)->family(static_cast<Family>(i))));
    for (all->SeekToFirst(); all->Valid(); all->Next()) {
      dump.append(kNames[i]).append("\n   ");
      dump.append(Hex(all->key().ToStringView())).append("\n   -> ");
      dump.append(Hex(all->value().ToStringView())).append("\n");
    }
  }
  return dump;
}

TEST(Format, TheWorkedExampleIsWhatIsWritten) {
  const testing::TempDirectory directory;
  testing::FakeClock clock;
  SeededRandom random(1);
  StoreOptions options;
  options.clock = &clock;
  {
    auto store = OpenRocksDbStore(directory.path(), options, {.random = &random});
    ASSERT_TRUE(store.has_value());
    AppendRequest request;
    request.key = {"deploy", "42"};
    request.run.Add(Entry{.time = testing::kTestTime, .text = "hello", .stream = "stdout"});
    request.run.Add(Entry{.time = testing::kTestTime, .text = "bye", .level = "info"});
    request.producer = ProducerMark{"ci", 0};
    request.end = Outcome{.kind = OutcomeKind::kFailed, .exit_code = 2, .reason = "no"};
    ASSERT_TRUE(testing::AppendNow(**store, std::move(request)).has_value());
  }
  std::ifstream file(TAILRACE_DOCS "/store-format.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(document, HasSubstr("```\n" + DumpStore(directory.path()) + "```\n"));
  // Opened again, the row is settled.
  ASSERT_TRUE(OpenRocksDbStore(directory.path(), options, {}).has_value());
  const std::string settled = DumpStore(directory.path());
  const size_t blocks = settled.find("blocks\n");
  const size_t logs = settled.find("logs\n");
  EXPECT_THAT(document, HasSubstr("```\n" + settled.substr(blocks, logs - blocks) + "```\n"));
  EXPECT_EQ(settled.find("rows\n"), std::string::npos);
}

TEST(Format, LogsComeBack) {
  LogState state;
  state.info.number = 7;
  state.info.incarnation = "k3v9x2ab";
  state.info.title = "A title";
  state.info.labels = {{"a", "b"}, {"", ""}};
  state.info.first = state.info.position = 300;
  state.info.created = -5;
  state.info.updated = testing::kTestTime;
  state.info.ended = testing::kTestTime + 1;
  state.info.outcome = Outcome{.kind = OutcomeKind::kLost, .exit_code = -1, .reason = "why"};
  state.text_end = 9000;
  state.encoded_first = state.encoded_end = 12'000;
  state.producers = 3;
  state.memo_at = 290;
  const std::string value = EncodeLog(state);
  LogState back;
  ASSERT_TRUE(DecodeLog(value, back));
  EXPECT_EQ(EncodeLog(back), value);
  EXPECT_EQ(back.info.outcome, state.info.outcome);
  EXPECT_EQ(back.info.labels, state.info.labels);
  EXPECT_EQ(back.info.created, -5);
  EXPECT_EQ(back.TextFirst(), 9000u);
  EXPECT_EQ(back.memo_at, 290u);
  for (size_t size = 0; size < value.size(); ++size) {
    LogState cut;
    EXPECT_FALSE(DecodeLog(std::string_view(value).substr(0, size), cut)) << size;
  }
  LogState other;
  EXPECT_FALSE(DecodeLog("\x02" + value.substr(1), other));
}

TEST(Format, MemosComeBack) {
  Memo back;
  ASSERT_TRUE(DecodeMemo(EncodeMemo({.at = 300, .bytes = std::string("a\0b", 3)}), back));
  EXPECT_EQ(back.at, 300u);
  EXPECT_EQ(back.bytes, std::string("a\0b", 3));
  EXPECT_FALSE(DecodeMemo("", back));
  EXPECT_FALSE(DecodeMemo("\x01", back));
  EXPECT_FALSE(DecodeMemo("\x02\x01", back));
}

TEST(Format, BlockHeadersComeBack) {
  BlockHeader header;
  header.count = 300;
  header.text_offset = 1ull << 40;
  header.text_bytes = 7;
  header.encoded_offset = 1ull << 41;
  header.encoded_bytes = 9;
  header.time = -1;
  header.lost = true;
  std::string bytes;
  AppendBlockHeader(bytes, header);
  std::string_view in = bytes;
  BlockHeader back;
  ASSERT_TRUE(TakeBlockHeader(in, back));
  EXPECT_TRUE(in.empty());
  std::string again;
  AppendBlockHeader(again, back);
  EXPECT_EQ(again, bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    in = std::string_view(bytes).substr(0, size);
    EXPECT_FALSE(TakeBlockHeader(in, back)) << size;
  }
}

TEST(Format, KeysSortAsTheirNumbers) {
  EXPECT_LT(BlockKey(1, 255), BlockKey(1, 256));
  EXPECT_LT(BlockKey(255, 9), BlockKey(256, 0));
  EXPECT_LT(ListKey(2), ListKey(1));
  uint64_t number = 0;
  ASSERT_TRUE(ParseListKey(ListKey(300), number));
  EXPECT_EQ(number, 300u);
}

TEST(CommitRecord, TellsOfTheCommitsBeforeIt) {
  CommitTrail trail((CommitRecord()));
  const auto commit = [&](uint64_t log, uint64_t bytes) {
    CommitPlan plan;
    plan.next_number = log + 1;
    plan.logs = 1;
    LogDraft& draft = plan.drafts.emplace_back();
    draft.state.info.key = {"t", std::to_string(log)};
    draft.state.info.number = log;
    draft.state.info.incarnation = "abcdefgh";
    draft.state.info.position = 1;
    auto chunk = std::make_shared<Chunk>();
    chunk->end = 1;
    chunk->encoded.assign(bytes, 'x');
    draft.chunks.push_back(std::move(chunk));
    return trail.Next(plan);
  };
  commit(1, 10);
  const CommitRecord small = commit(2, 10);
  EXPECT_EQ(small.number, 2u);
  EXPECT_EQ(small.told_from, 1u);
  EXPECT_EQ(small.traces.size(), 2u);
  CommitRecord back;
  ASSERT_TRUE(DecodeCommitRecord(EncodeCommitRecord(small), back));
  EXPECT_EQ(EncodeCommitRecord(back), EncodeCommitRecord(small));
  EXPECT_FALSE(DecodeCommitRecord(EncodeCommitRecord(small).substr(1), back));
  // A large commit pushes the small ones out, but always itself and the one before are told.
  commit(3, 1 << 20);
  const CommitRecord large = commit(4, 1 << 20);
  EXPECT_EQ(large.told_from, 3u);
  EXPECT_EQ(large.entries_untold, 2u);
  EXPECT_EQ(large.entries, 4u);
  EXPECT_EQ(large.traces.size(), 2u);
}

}  // namespace
}  // namespace tailrace::rocks
