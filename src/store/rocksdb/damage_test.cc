// Bytes that change on disk: flipped in real files, one after the other. Every position must read
// as what was written there, or as damaged; and no position may be given twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/fault_file_system.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/temp_directory.h"
#include "store/testing.h"

namespace tailrace::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;

const LogKey kEarly{"t", "early"};
const LogKey kBusy{"t", "busy"};
const LogKey kLate{"t", "late"};

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class DamageTest : public ::testing::Test {
 protected:
  struct Written {
    std::vector<std::string> texts;
    LogInfo info;
  };

  std::unique_ptr<LogStore> Open(const std::string& directory) {
    auto store = OpenRocksDbStore(directory, options_, {.env = disk_.env()});
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }

  void Append(LogStore& store, const LogKey& key, const std::vector<std::string>& texts) {
    const auto answer = AppendNow(store, key, texts);
    ASSERT_TRUE(answer.has_value());
    auto& all = written_[key].texts;
    all.insert(all.end(), texts.begin(), texts.end());
    ASSERT_EQ(answer->position, all.size());
  }

  /// Many small commits, some large ones, an end; and the state of each log at the end.
  void WriteSomething() {
    auto store = Open(original_.path());
    Append(*store, kEarly, {"early 0", "early 1"});
    ASSERT_TRUE(EndNow(*store, kEarly, {.kind = OutcomeKind::kFailed, .reason = "broke"}));
    for (int i = 0; i < 30; ++i) {
      Append(*store, kBusy, {"busy " + std::to_string(i), std::string(i * 97 % 400, 'b')});
      if (i % 10 == 5) Append(*store, kBusy, {random_.Name(20'000)});
    }
    Append(*store, kLate, {"late 0", "late 1"});
    for (auto& [key, log] : written_) log.info = *store->Stat(key);
  }

  /// Moves everything from the write-ahead log into tables and blob files.
  void Flush() {
    auto database = rocks::Database::Open(original_.path() + "/db", options_, {.env = disk_.env()});
    ASSERT_TRUE(database.has_value());
    ASSERT_TRUE((*database)->db().Flush({}, (*database)->families()).ok());
  }

  std::vector<fs::path> Files(const std::string& directory, const std::string& extension) {
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(directory + "/db")) {
      if (file.path().extension() == extension && file.file_size() > 0) files.push_back(file);
    }
    std::ranges::sort(files);
    return files;
  }

  /// Every log reads as it was written or as damaged, and goes on at its own position. Returns how
  /// many positions are damaged; logs whose metadata are damaged count as a whole.
  size_t ExpectNothingWrong(LogStore& store, bool metadata_may_be_damaged) {
    size_t damaged = 0;
    for (const auto& [key, log] : written_) {
      SCOPED_TRACE(key.Path());
      const auto info = store.Stat(key);
      if (!info && metadata_may_be_damaged) {
        EXPECT_EQ(info.error().code, ErrorCode::kCorrupt) << info.error().message;
        const auto refused = AppendNow(store, key, {"x"});
        EXPECT_FALSE(refused.has_value());
        damaged += log.texts.size();
        continue;
      }
      EXPECT_TRUE(info.has_value());
      if (!info) continue;
      EXPECT_EQ(info->position, log.info.position);
      EXPECT_EQ(info->incarnation, log.info.incarnation);
      EXPECT_EQ(info->outcome, log.info.outcome);
      EXPECT_EQ(info->bytes, log.info.bytes);
      damaged += ExpectEntries(store, key, log.texts);
    }
    return damaged;
  }

  size_t ExpectEntries(LogStore& store, const LogKey& key, const std::vector<std::string>& texts) {
    size_t damaged = 0;
    const auto read = ReadAll(store, key);
    EXPECT_TRUE(read.has_value()) << read.error().message;
    if (!read) return texts.size();
    EXPECT_EQ(read->size(), texts.size());
    for (size_t i = 0; i < std::min(read->size(), texts.size()); ++i) {
      if ((*read)[i] == kDamaged) ++damaged;
      EXPECT_TRUE((*read)[i] == texts[i] || (*read)[i] == kDamaged) << "position " << i;
    }
    uint64_t offset = 0;
    for (size_t i = 0; i < texts.size(); offset += texts[i].size() + 1, ++i) {
      if (i % 7 != 0) continue;
      const auto found = store.FindTextOffset(key, offset);
      EXPECT_TRUE(found.has_value() && *found <= i) << "offset " << offset;
    }
    return damaged;
  }

  /// Each file with bytes flipped at `steps` places; the store opened on it and looked at.
  void FlipEverywhere(const std::string& extension, size_t steps, bool metadata_may_be_damaged,
                      size_t damaged_at_most) {
    size_t damaged_at_all = 0;
    for (const fs::path& file : Files(original_.path(), extension)) {
      const std::string bytes = ReadFile(file);
      for (size_t step = 0; step < steps; ++step) {
        const size_t at = bytes.size() * (step + 1) / (steps + 1);
        SCOPED_TRACE(file.filename().string() + " byte " + std::to_string(at));
        const TempDirectory copy;
        fs::copy(original_.path(), copy.path(), fs::copy_options::recursive);
        std::string flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
        WriteFile(copy.path() + "/db/" + file.filename().string(), flipped);
        size_t damaged = 0;
        for (size_t opening = 0; opening <= (step + 1) % 2; ++opening) {
          auto store = Open(copy.path());
          ASSERT_TRUE(store);
          damaged = ExpectNothingWrong(*store, metadata_may_be_damaged);
        }
        EXPECT_LE(damaged, damaged_at_most);
        damaged_at_all += damaged;
        if (HasFailure()) return;
      }
    }
    EXPECT_GT(damaged_at_all, 0u);
  }

  SeededRandom random_{11};
  FaultFileSystem disk_;  ///< For its speed: it does not sync.
  StoreOptions options_;
  TempDirectory original_;
  std::map<LogKey, Written> written_;
};

TEST_F(DamageTest, OfTheWriteAheadLogIsAGapWithItsPositions) {
  ASSERT_NO_FATAL_FAILURE(WriteSomething());
  FlipEverywhere(".log", 24, false, 67);
}

TEST_F(DamageTest, OfABlobTakesOneBlockAndNothingElse) {
  ASSERT_NO_FATAL_FAILURE(WriteSomething());
  ASSERT_NO_FATAL_FAILURE(Flush());
  ASSERT_FALSE(Files(original_.path(), ".blob").empty());
  FlipEverywhere(".blob", 8, false, 1);
}

TEST_F(DamageTest, OfABlobFilesHeadIsAGap) {
  ASSERT_NO_FATAL_FAILURE(WriteSomething());
  ASSERT_NO_FATAL_FAILURE(Flush());
  const fs::path blob = Files(original_.path(), ".blob").front();
  std::string bytes = ReadFile(blob);
  bytes[0] ^= 1;
  WriteFile(blob, bytes);
  EXPECT_EQ(ExpectNothingWrong(*Open(original_.path()), false), 3u);
}

TEST_F(DamageTest, OfATableIsNeverAWrongAnswer) {
  ASSERT_NO_FATAL_FAILURE(WriteSomething());
  ASSERT_NO_FATAL_FAILURE(Flush());
  FlipEverywhere(".sst", 5, true, 67);
}

TEST_F(DamageTest, CommitsBehindADamagedOneAreThere) {
  {
    auto store = Open(original_.path());
    Append(*store, kEarly, {"to be flipped", "this too"});
    Append(*store, kBusy, {std::string(100'000, 'x')});
    Append(*store, kBusy, {"readable"});
    for (auto& [key, log] : written_) log.info = *store->Stat(key);
  }
  // The proof must be in the log itself: a power cut may have taken COMMITTED.
  fs::remove(original_.path() + "/COMMITTED");
  const fs::path wal = Files(original_.path(), ".log").back();
  std::string bytes = ReadFile(wal);
  bytes[bytes.find("to be flipped")] ^= 1;
  WriteFile(wal, bytes);
  auto store = Open(original_.path());
  // The damage takes its 32 KiB of the log along: the large entry begins there.
  EXPECT_EQ(ExpectNothingWrong(*store, false), 3u);
  EXPECT_EQ(ReadAll(*store, kBusy)->back(), "readable");
  EXPECT_EQ(*ReadAll(*store, kEarly), (std::vector<std::string>(2, std::string(kDamaged))));
  EXPECT_EQ(AppendNow(*store, kEarly, {"next"})->position, 3u);
  store.reset();
  store = Open(original_.path());
  EXPECT_EQ(ReadAll(*store, kEarly)->at(2), "next");
  EXPECT_GT(store->Stats().damaged_reads, 0u);
}

TEST_F(DamageTest, ATornEndNeverWas) {
  {
    auto store = Open(original_.path());
    Append(*store, kEarly, {"whole"});
    Append(*store, kEarly, {std::string(1000, 't'), "torn"});
  }
  // A crash before the fsync: nobody was told.
  fs::remove(original_.path() + "/COMMITTED");
  const fs::path wal = Files(original_.path(), ".log").back();
  std::string bytes = ReadFile(wal);
  bytes.resize(bytes.rfind("torn"));
  WriteFile(wal, bytes);
  auto store = Open(original_.path());
  EXPECT_EQ(*ReadAll(*store, kEarly), std::vector<std::string>{"whole"});
  EXPECT_EQ(AppendNow(*store, kEarly, {"again"})->position, 2u);
}

TEST_F(DamageTest, AnEndThatWasToldIsAGap) {
  {
    auto store = Open(original_.path());
    Append(*store, kEarly, {"whole"});
    Append(*store, kEarly, {std::string(1000, 't'), "torn"});
    Append(*store, kLate, {"created in vain"});
    ASSERT_TRUE(EndNow(*store, kEarly, {.kind = OutcomeKind::kSucceeded, .exit_code = 0}));
    for (auto& [key, log] : written_) log.info = *store->Stat(key);
  }
  const fs::path wal = Files(original_.path(), ".log").back();
  std::string bytes = ReadFile(wal);
  bytes.resize(bytes.find("torn"));
  WriteFile(wal, bytes);
  auto store = Open(original_.path());
  EXPECT_EQ(ExpectNothingWrong(*store, false), 3u);
  EXPECT_EQ(store->Stats().logs, 2u);
  EXPECT_EQ(AppendNow(*store, kLate, {"next"})->position, 2u);
}

TEST_F(DamageTest, AWholeWriteAheadLogGone) {
  ASSERT_NO_FATAL_FAILURE(WriteSomething());
  const uint64_t number = written_[kLate].info.number;
  for (const fs::path& wal : Files(original_.path(), ".log")) fs::remove(wal);
  auto store = Open(original_.path());
  EXPECT_EQ(ExpectNothingWrong(*store, false), 67u);
  ASSERT_TRUE(AppendNow(*store, {"t", "new"}, {"x"}).has_value());
  EXPECT_GT(store->Stat({"t", "new"})->number, number);
}

TEST_F(DamageTest, ARemovalThatIsLostStaysARemoval) {
  {
    auto store = Open(original_.path());
    ASSERT_TRUE(AppendNow(*store, kEarly, {"x"}).has_value());
  }
  Flush();
  {
    auto store = Open(original_.path());
    ASSERT_TRUE(RemoveNow(*store, kEarly).has_value());
  }
  for (const fs::path& wal : Files(original_.path(), ".log")) fs::remove(wal);
  auto store = Open(original_.path());
  EXPECT_EQ(store->Stat(kEarly).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(AppendNow(*store, kEarly, {"y"})->position, 1u);
}

TEST_F(DamageTest, MoreLostThanAnyCommitTellsOf) {
  LogInfo open_log;
  {
    auto store = Open(original_.path());
    Append(*store, kEarly, {"flushed"});
  }
  Flush();
  {
    auto store = Open(original_.path());
    Append(*store, kEarly, {"lost", "lost"});
    for (int i = 0; i < 8; ++i) Append(*store, kBusy, {std::string(100'000, 'x')});
    open_log = *store->Stat(kEarly);
  }
  // The first half of the log: what comes behind tells nothing of kEarly.
  const fs::path wal = Files(original_.path(), ".log").back();
  std::string bytes = ReadFile(wal);
  for (size_t i = 0; i < bytes.size() / 2; ++i) bytes[i] ^= 0x55;
  WriteFile(wal, bytes);
  auto store = Open(original_.path());
  const auto info = store->Stat(kEarly);
  EXPECT_GE(info->position, open_log.position);  // skips at least what was given away
  EXPECT_EQ(ReadAll(*store, kEarly)->front(), "flushed");
  const Position position = info->position;
  store.reset();
  store = Open(original_.path());
  EXPECT_EQ(store->Stat(kEarly)->position, position);  // and not again
}

}  // namespace
}  // namespace tailrace::testing
