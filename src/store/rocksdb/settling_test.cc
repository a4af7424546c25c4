// Small appends lie in commit rows until they are settled. Readers must not notice when that is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <atomic>
#include <fstream>
#include <map>
#include <thread>

#include "base/random.h"
#include "store/rocksdb/commit_row.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/temp_directory.h"
#include "store/testing.h"

namespace tailrace::testing {
namespace {

using rocks::Database;
using rocks::Family;

LogKey KeyOf(int log) {
  return {"t", std::to_string(log)};
}

class SettlingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.clock = &clock_;
    options_.unsettled_limit_bytes = 2000;
    Reopen();
  }

  void Reopen() {
    store_.reset();
    auto opened = OpenRocksDbStore(directory_.path(), options_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = std::move(*opened);
  }

  void Append(int log, const std::vector<std::string>& texts) {
    const auto answer = AppendNow(*store_, KeyOf(log), texts);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    auto& all = texts_[log];
    all.insert(all.end(), texts.begin(), texts.end());
    ASSERT_EQ(answer->position, all.size());
  }

  void ExpectAllReads(int log) {
    SCOPED_TRACE("log " + std::to_string(log));
    const auto& texts = texts_[log];
    const auto info = store_->Stat(KeyOf(log));
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(info->position, texts.size());
    EXPECT_EQ(*ReadAll(*store_, KeyOf(log)), texts);
    EXPECT_EQ(*ReadAll(*store_, KeyOf(log), 0, 1), texts);  // block by block
    uint64_t offset = 0;
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto from = ReadAll(*store_, KeyOf(log), i);
      ASSERT_EQ(from->size(), texts.size() - i);
      const auto found = store_->FindTextOffset(KeyOf(log), offset);
      ASSERT_TRUE(found.has_value());
      EXPECT_LE(*found, i);
      offset += texts[i].size() + 1;
    }
    EXPECT_EQ(info->bytes, offset);
    EXPECT_EQ(*store_->FindTextOffset(KeyOf(log), offset), texts.size());
  }

  /// Closes the store and counts the rows of a family.
  size_t CountRows(Family family) {
    store_.reset();
    auto database = Database::Open(directory_.path() + "/db", options_, {});
    EXPECT_TRUE(database.has_value());
    const std::unique_ptr<rocksdb::Iterator> rows(
        (*database)->db().NewIterator({}, (*database)->family(family)));
    size_t count = 0;
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) ++count;
    return count;
  }

  FakeClock clock_;
  StoreOptions options_;
  TempDirectory directory_;
  std::unique_ptr<LogStore> store_;
  std::map<int, std::vector<std::string>> texts_;
};

TEST_F(SettlingTest, ReadersDoNotNotice) {
  SeededRandom random(5);
  uint64_t most = 0;
  size_t falls = 0;
  uint64_t before = 0;
  for (int i = 0; i < 120; ++i) {
    const int log = static_cast<int>(random.Between(0, 4));
    const bool large = random.Between(0, 9) == 0;
    ASSERT_NO_FATAL_FAILURE(
        Append(log, {random.Name(large ? 5000 : random.Between(1, 60)), random.Name(3)}));
    const uint64_t now = store_->Stats().unsettled_bytes;
    falls += now < before ? 1 : 0;
    before = now;
    most = std::max(most, now);
    ASSERT_NO_FATAL_FAILURE(ExpectAllReads(log));
  }
  EXPECT_GT(falls, 10u);
  EXPECT_LE(most, 2000u + 1000);
  EXPECT_EQ(store_->List({})->logs.size(), 5u);
  for (int log = 0; log < 5; ++log) ASSERT_NO_FATAL_FAILURE(ExpectAllReads(log));
  Reopen();
  EXPECT_EQ(store_->Stats().unsettled_bytes, 0u);
  for (int log = 0; log < 5; ++log) ASSERT_NO_FATAL_FAILURE(ExpectAllReads(log));
}

TEST_F(SettlingTest, SmallPiecesBecomeLargeBlocks) {
  options_.unsettled_limit_bytes = 1 << 20;
  Reopen();
  for (int i = 0; i < 100; ++i) {
    for (int log = 0; log < 2; ++log) Append(log, {"line " + std::to_string(i)});
  }
  EXPECT_EQ(CountRows(Family::kRows), 200u);
  EXPECT_EQ(CountRows(Family::kBlocks), 0u);
  Reopen();
  const auto read = store_->Read(KeyOf(0), 0, 1 << 20);
  ASSERT_EQ(read->items.size(), 1u);
  EXPECT_EQ(read->items[0].end, 100u);
  ExpectAllReads(1);
  EXPECT_EQ(CountRows(Family::kRows), 0u);
  EXPECT_EQ(CountRows(Family::kRowExtents), 0u);
  EXPECT_EQ(CountRows(Family::kIndex), 2u);
}

TEST_F(SettlingTest, AReaderBesideItSeesEveryEntryOnce) {
  std::atomic<bool> done = false;
  Append(0, {"0"});
  std::thread reader([&] {
    while (!done) {
      const auto seen = ReadAll(*store_, KeyOf(0));
      ASSERT_TRUE(seen.has_value());
      for (size_t i = 0; i < seen->size(); ++i) ASSERT_EQ((*seen)[i], std::to_string(i));
    }
  });
  for (int i = 1; i < 1500; ++i) Append(0, {std::to_string(i)});
  done = true;
  reader.join();
  ExpectAllReads(0);
}

TEST_F(SettlingTest, ARemovedLogStaysRemoved) {
  Append(0, {"gone", "gone too"});
  Append(1, {"stays"});
  ASSERT_TRUE(RemoveNow(*store_, KeyOf(0)).has_value());
  EXPECT_EQ(store_->Stat(KeyOf(0)).error().code, ErrorCode::kNotFound);
  texts_[0].clear();
  Append(0, {"another log of this name"});
  ExpectAllReads(0);
  Reopen();
  ExpectAllReads(0);
  ExpectAllReads(1);
  EXPECT_EQ(CountRows(Family::kIndex), 2u);
}

TEST_F(SettlingTest, RetentionCutsWhatIsNotSettled) {
  options_.retention.policy.max_age_s = 100;
  options_.unsettled_limit_bytes = 1 << 20;
  Reopen();
  for (int i = 0; i < 6; ++i) {
    Append(0, {"line " + std::to_string(i)});
    clock_.Advance(30 * kSecond);
  }
  ASSERT_TRUE(store_->ApplyRetention().has_value());
  const auto cut = store_->Stat(KeyOf(0));
  EXPECT_EQ(cut->first, 3u);
  EXPECT_EQ(cut->position, 6u);
  EXPECT_EQ(ReadAll(*store_, KeyOf(0), 3)->size(), 3u);
  EXPECT_EQ(store_->Stats().retired_entries, 3u);
  Append(0, {"line 6"});
  for (int opening = 0; opening < 2; ++opening) {
    Reopen();
    const auto info = store_->Stat(KeyOf(0));
    EXPECT_EQ(info->first, 3u);
    EXPECT_EQ(info->position, 7u);
    EXPECT_EQ(info->bytes, 4u * 7);
    EXPECT_EQ(*ReadAll(*store_, KeyOf(0), 3),
              (std::vector<std::string>(texts_[0].begin() + 3, texts_[0].end())));
  }
}

TEST_F(SettlingTest, RetentionTakesALogWhole) {
  options_.retention.policy.max_age_s = 100;
  options_.unsettled_limit_bytes = 1 << 20;
  Reopen();
  Append(0, {"line"});
  ASSERT_TRUE(EndNow(*store_, KeyOf(0), {}).has_value());
  clock_.Advance(200 * kSecond);
  ASSERT_TRUE(store_->ApplyRetention().has_value());
  EXPECT_EQ(store_->Stat(KeyOf(0)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->Stats().unsettled_bytes, 0u);
  Reopen();
  EXPECT_EQ(store_->Stat(KeyOf(0)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(CountRows(Family::kIndex), 0u);
}

TEST_F(SettlingTest, AnOldStoreIsOpenedAndIsANewOneThen) {
  Append(0, {std::string(5000, 'x')});
  store_.reset();
  const std::string format = directory_.path() + "/FORMAT";
  std::ofstream(format) << "tailrace store format 1\n";
  Reopen();
  std::ifstream file(format);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "tailrace store format 2");
  Append(0, {"small"});
  ExpectAllReads(0);
}

TEST_F(SettlingTest, ALostRowIsAGapOfItsPositions) {
  options_.unsettled_limit_bytes = 1 << 20;
  Reopen();
  Append(0, {"0"});
  Append(1, {"0"});
  Append(0, {"1", "2"});
  Append(0, {"3"});
  store_.reset();
  {
    auto database = Database::Open(directory_.path() + "/db", options_, {});
    ASSERT_TRUE(database.has_value());
    rocksdb::DB& db = (*database)->db();
    const auto rows = (*database)->family(Family::kRows);
    std::string value;
    ASSERT_TRUE(db.Get({}, rows, rocks::RowKey(3), &value).ok());
    ASSERT_TRUE(db.Put({}, rows, rocks::RowKey(3), "\x7f" + value).ok());
  }
  texts_[0][1] = texts_[0][2] = kDamaged;
  for (int opening = 0; opening < 2; ++opening) {
    Reopen();
    EXPECT_EQ(*ReadAll(*store_, KeyOf(0)), texts_[0]);
    EXPECT_EQ(store_->Stat(KeyOf(0))->position, 4u);
    ExpectAllReads(1);
  }
}

TEST_F(SettlingTest, ARowLostWithItsCopyGivesNoPositionTwice) {
  options_.unsettled_limit_bytes = 1 << 20;
  Reopen();
  Append(0, {"0"});
  Append(0, {"1", "2"});
  store_.reset();
  {
    auto database = Database::Open(directory_.path() + "/db", options_, {});
    ASSERT_TRUE(database.has_value());
    for (const Family family : {Family::kRows, Family::kRowExtents}) {
      ASSERT_TRUE(
          (*database)->db().Put({}, (*database)->family(family), rocks::RowKey(2), "\x7f").ok());
    }
  }
  Reopen();
  EXPECT_GT(store_->Stat(KeyOf(0))->position, 3u);
  const auto read = store_->Read(KeyOf(0), 0, 1 << 20);
  ASSERT_EQ(read->items.size(), 2u);
  EXPECT_EQ(read->items[1].cause, GapCause::kDamaged);
  const Position position = read->info.position;
  Reopen();
  EXPECT_EQ(store_->Stat(KeyOf(0))->position, position);  // and not again
}

}  // namespace
}  // namespace tailrace::testing
