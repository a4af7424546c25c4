// Disks that fail: every I/O call of a scenario is made to fail once, and what was told to
// producers and shown to readers must still be true afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>

#include "store/rocksdb/database.h"
#include "store/rocksdb/fault_file_system.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/temp_directory.h"
#include "store/testing.h"

namespace tailrace::testing {
namespace {

using ::testing::HasSubstr;

const LogKey kLog{"t", "log"};

std::vector<std::string> Numbered(uint64_t from, uint64_t to) {
  std::vector<std::string> texts;
  for (uint64_t i = from; i < to; ++i) texts.push_back("entry " + std::to_string(i));
  return texts;
}

AppendRequest Send(uint64_t from, uint64_t to) {
  AppendRequest request = MakeAppend(kLog, Numbered(from, to));
  request.producer = ProducerMark{"producer", from};
  return request;
}

class FaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.block_bytes = 128;
    options_.unsettled_limit_bytes = 600;  // settled every third commit or so
  }

  Result<std::unique_ptr<LogStore>> Open(const std::string& directory) {
    return OpenRocksDbStore(directory, options_, {.env = disk_.env(), .wal_files = wal_files_});
  }

  /// Appends 3 entries at a time until an append fails or `sent` is `to`.
  void AppendUntilFailure(LogStore& store, uint64_t to) {
    while (acked_ < to) {
      const auto answer = AppendNow(store, Send(acked_, acked_ + 3));
      if (!answer) {
        EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable) << answer.error().message;
        return;
      }
      acked_ += 3;
      EXPECT_EQ(answer->position, acked_);
    }
  }

  /// Readers see what was acknowledged, all of it and nothing else.
  void ExpectAcked(LogStore& store) {
    const auto read = ReadAll(store, kLog);
    if (acked_ == 0 && !read) return;  // not created
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(*read, Numbered(0, acked_));
  }

  /// After a restart the producer goes on by its own count and nothing is lost or doubled.
  void ExpectExactlyOnceAfterRestart(const std::string& directory) {
    auto store = Open(directory);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    const auto info = (*store)->Stat(kLog);
    EXPECT_GE(info ? info->position : 0, acked_);
    const auto answer = AppendNow(**store, Send(acked_, acked_ + 5));
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->position, acked_ + 5);
    EXPECT_EQ(*ReadAll(**store, kLog), Numbered(0, acked_ + 5));
    EXPECT_EQ((*store)->Stat(kLog)->position, acked_ + 5);
  }

  /// Opens a copy of the store, since each opening leaves files behind, with the n-th read failing.
  /// False: there were not so many.
  bool ReadWithFault(const std::string& original, uint64_t n, Fault fault) {
    SCOPED_TRACE("read call " + std::to_string(n));
    const TempDirectory copy;
    std::filesystem::copy(original, copy.path(), std::filesystem::copy_options::recursive);
    disk_.FailRead(n, fault);
    if (auto store = Open(copy.path())) {
      const auto read = ReadAll(**store, kLog);
      const std::vector<std::string> seen = read ? *read : std::vector<std::string>();
      EXPECT_LE(seen.size(), acked_);
      for (size_t i = 0; i < seen.size(); ++i) {
        EXPECT_TRUE(seen[i] == kDamaged || seen[i] == "entry " + std::to_string(i)) << seen[i];
      }
      EXPECT_LE((*store)->FindTextOffset(kLog, 5 * 8).value_or(0), 5u);
    }
    const bool hit = disk_.hit();
    disk_.FailRead(0, fault);
    return hit;
  }

  StoreOptions options_;
  rocks::WalFilesOptions wal_files_;
  FaultFileSystem disk_;
  uint64_t acked_ = 0;
};

std::string FaultName(const ::testing::TestParamInfo<Fault>& test) {
  constexpr const char* kNames[] = {"IoError", "NoSpace", "ShortRead", "BadRead"};
  return kNames[static_cast<size_t>(test.param)];
}

class FailedWrite : public FaultTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(FailedWrite, AtEveryCallOfAScenario) {
  uint64_t n = 1;
  for (bool reached = true; reached; ++n) {
    SCOPED_TRACE("write call " + std::to_string(n));
    const TempDirectory directory;
    acked_ = 0;
    disk_.FailWrite(n, GetParam(), n % 2 == 0);
    if (auto store = Open(directory.path())) {
      AppendUntilFailure(**store, 15);
      const StoreStats stats = (*store)->Stats();
      EXPECT_EQ(stats.failed, acked_ < 15);
      ExpectAcked(**store);
      if (stats.failed) {
        // For good, also if the disk would work again.
        disk_.FailWrite(0, GetParam(), false);
        const auto refused = AppendNow(**store, Send(acked_, acked_ + 1));
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
        EXPECT_THAT(refused.error().message, HasSubstr("injected"));
        ExpectAcked(**store);
      }
      reached = disk_.writes() >= n || stats.failed;
    } else {
      EXPECT_EQ(store.error().code, ErrorCode::kUnavailable) << store.error().message;
      EXPECT_THAT(store.error().message, HasSubstr(directory.path()));
    }
    disk_.FailWrite(0, GetParam(), false);
    ASSERT_NO_FATAL_FAILURE(ExpectExactlyOnceAfterRestart(directory.path()));
    if (HasFailure()) return;
  }
  EXPECT_GT(n, 40u);
}

INSTANTIATE_TEST_SUITE_P(Faults, FailedWrite, ::testing::Values(Fault::kIoError, Fault::kNoSpace),
                         FaultName);

class FailedRead : public FaultTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(FailedRead, IsNeverAWrongAnswer) {
  const TempDirectory directory;
  options_.cache_bytes = 0;
  {
    auto store = Open(directory.path());
    ASSERT_TRUE(store.has_value());
    AppendUntilFailure(**store, 36);
  }
  for (const bool flushed : {false, true}) {
    if (flushed) {
      auto database =
          rocks::Database::Open(directory.path() + "/db", options_, {.env = disk_.env()});
      ASSERT_TRUE(database.has_value());
      ASSERT_TRUE((*database)->db().Flush({}, (*database)->families()).ok());
    }
    uint64_t n = 1;
    while (ReadWithFault(directory.path(), n, GetParam())) ++n;
    EXPECT_GE(n, 8u);
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, FailedRead,
                         ::testing::Values(Fault::kIoError, Fault::kShortRead, Fault::kBadRead),
                         FaultName);

TEST_F(FaultTest, WhatIsAcknowledgedWasSynced) {
  const TempDirectory directory;
  for (int round = 0; round < 6; ++round) {
    auto store = Open(directory.path());
    ASSERT_TRUE(store.has_value()) << store.error().message;
    ExpectAcked(**store);
    AppendUntilFailure(**store, acked_ + 3 * (round + 1));
    disk_.CutPower();
    store->reset();
    disk_.LoseUnsynced();
  }
  ExpectExactlyOnceAfterRestart(directory.path());
}

TEST_F(FaultTest, WhatIsAcknowledgedWasSyncedInPreparedLogFilesToo) {
  const TempDirectory directory;
  wal_files_ = {.file_bytes = 64 << 10, .busy_bytes = 1};
  size_t prepared = 0;
  for (int round = 0; round < 6; ++round) {
    auto store = Open(directory.path());
    ASSERT_TRUE(store.has_value()) << store.error().message;
    ExpectAcked(**store);
    AppendUntilFailure(**store, acked_ + 3 * (round + 1));
    disk_.CutPower();
    store->reset();
    disk_.LoseUnsynced();
    for (const auto& file : std::filesystem::directory_iterator(directory.path() + "/db")) {
      if (file.path().extension() == ".log" && file.file_size() >= 64 << 10) ++prepared;
    }
  }
  EXPECT_GT(prepared, 0u);
  ExpectExactlyOnceAfterRestart(directory.path());
}

TEST_F(FaultTest, TheListenerHearsNothingOfAFailedCommit) {
  const TempDirectory directory;
  auto store = Open(directory.path());
  ASSERT_TRUE(store.has_value());
  Position heard = 0;
  (*store)->SetCommitListener([&](std::vector<Commit> commits) {
    for (const Commit& commit : commits) heard = commit.info->position;
  });
  AppendUntilFailure(**store, 6);
  disk_.FailWrite(1, Fault::kNoSpace, true);
  AppendUntilFailure(**store, 12);
  EXPECT_EQ(acked_, 6u);
  EXPECT_EQ(heard, 6u);
  EXPECT_THAT((*store)->Stats().failure, HasSubstr("the disk is full"));
  ExpectAcked(**store);
}

}  // namespace
}  // namespace tailrace::testing
