#include "store/rocksdb/wal_files.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <filesystem>
#include <fstream>

#include "store/rocksdb/database.h"
#include "store/rocksdb/fault_file_system.h"
#include "store/rocksdb/temp_directory.h"

namespace tailrace::testing {
namespace {

namespace fs = std::filesystem;
using rocks::Database;
using rocks::Family;
using rocks::WalFiles;
using rocks::WalFilesOptions;

constexpr WalFilesOptions kSmall{.file_bytes = 256 << 10, .busy_bytes = 8 << 10};

/// Writes one file through `files`, `commits` times `bytes` with a sync behind each.
void WriteFile(WalFiles& files, const std::string& path, int commits, size_t bytes) {
  std::unique_ptr<rocksdb::WritableFile> file;
  ASSERT_TRUE(files.env()->NewWritableFile(path, &file, {}).ok());
  const std::string data(bytes, 'x');
  for (int i = 0; i < commits; ++i) {
    ASSERT_TRUE(file->Append(data).ok());
    ASSERT_TRUE(file->Sync().ok());
  }
  ASSERT_TRUE(file->Close().ok());
}

TEST(WalFiles, ABusyLogFilesSuccessorIsPrepared) {
  const TempDirectory folder;
  WalFiles files(folder.path(), nullptr, kSmall);
  WriteFile(files, folder.path() + "/000001.log", 4, 1 << 10);
  EXPECT_FALSE(files.WaitUntilPrepared());
  WriteFile(files, folder.path() + "/000002.log", 4, 4 << 10);
  EXPECT_TRUE(files.WaitUntilPrepared());
  const fs::path spare = fs::path(folder.path()) / WalFiles::kSpareName;
  EXPECT_EQ(fs::file_size(spare), 256u << 10);
  // Other files are none of its business.
  WriteFile(files, folder.path() + "/000003.sst", 1, 10);
  EXPECT_EQ(fs::file_size(folder.path() + "/000003.sst"), 10u);
  EXPECT_TRUE(fs::exists(spare));
  WriteFile(files, folder.path() + "/000004.log", 1, 10);
  EXPECT_FALSE(fs::exists(spare));
  std::ifstream log(folder.path() + "/000004.log", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(log), {}};
  EXPECT_EQ(bytes.substr(0, 10), "xxxxxxxxxx");
  EXPECT_EQ(bytes.find_first_not_of('\0', 10), std::string::npos);
}

TEST(WalFiles, LargeCommitsNeedNone) {
  const TempDirectory folder;
  WalFilesOptions options = kSmall;
  options.large_commit_bytes = 1 << 10;
  WalFiles files(folder.path(), nullptr, options);
  WriteFile(files, folder.path() + "/000001.log", 16, 4 << 10);
  EXPECT_FALSE(files.WaitUntilPrepared());
}

TEST(WalFiles, WhatAnEarlierRunPreparedIsUsedIfItIsWhole) {
  const TempDirectory folder;
  const fs::path spare = fs::path(folder.path()) / WalFiles::kSpareName;
  {
    WalFiles files(folder.path(), nullptr, kSmall);
    WriteFile(files, folder.path() + "/000001.log", 4, 4 << 10);
    ASSERT_TRUE(files.WaitUntilPrepared());
  }
  {
    WalFiles files(folder.path(), nullptr, kSmall);
    EXPECT_TRUE(files.WaitUntilPrepared());
    WriteFile(files, folder.path() + "/000002.log", 1, 10);
    EXPECT_FALSE(fs::exists(spare));
  }
  std::ofstream(spare) << "too short";
  WalFiles files(folder.path(), nullptr, kSmall);
  EXPECT_FALSE(files.WaitUntilPrepared());
  WriteFile(files, folder.path() + "/000003.log", 1, 10);
  EXPECT_EQ(fs::file_size(folder.path() + "/000003.log"), 10u);
}

TEST(WalFiles, ADiskThatIsFullLeavesNothingBehind) {
  const TempDirectory folder;
  FaultFileSystem disk;
  // Calls: the file, four times append and sync, and then those of what is prepared.
  for (uint64_t call = 10; call < 14; ++call) {
    SCOPED_TRACE(call);
    WalFiles files(folder.path(), disk.env(), kSmall);
    disk.FailWrite(call, Fault::kNoSpace, false);
    std::unique_ptr<rocksdb::WritableFile> file;
    ASSERT_TRUE(files.env()->NewWritableFile(folder.path() + "/000001.log", &file, {}).ok());
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(file->Append(std::string(2 << 10, 'x')).ok());
      ASSERT_TRUE(file->Sync().ok());
    }
    EXPECT_FALSE(files.WaitUntilPrepared());
    EXPECT_TRUE(disk.hit());
    for (const auto& left : fs::directory_iterator(folder.path())) {
      EXPECT_EQ(left.path().filename(), "000001.log");
    }
  }
}

std::string Get(Database& database, const std::string& key) {
  std::string value;
  return database.db().Get({}, database.family(Family::kLogs), key, &value).ok() ? value : "";
}

TEST(WalFiles, APreparedFileIsReadAfterACrash) {
  const TempDirectory original;
  const TempDirectory copy;
  rocks::DatabaseOptions options;
  options.wal_files = kSmall;
  rocksdb::WriteOptions sync;
  sync.sync = true;
  const StoreOptions store_options;
  auto database = Database::Open(original.path() + "/db", store_options, options);
  ASSERT_TRUE(database.has_value()) << database.error().message;
  const auto put = [&](const std::string& key, size_t bytes) {
    const std::string value(bytes, key[0]);
    const auto family = (*database)->family(Family::kLogs);
    ASSERT_TRUE((*database)->db().Put(sync, family, key, value).ok());
  };
  for (int i = 0; i < 8; ++i) put("a" + std::to_string(i), 2 << 10);
  ASSERT_TRUE((*database)->wal_files().WaitUntilPrepared());
  ASSERT_TRUE((*database)->db().Flush({}, (*database)->families()).ok());  // the next log file
  for (int i = 0; i < 3; ++i) put("b" + std::to_string(i), 50'000);
  size_t prepared = 0;
  for (const auto& file : fs::directory_iterator(original.path() + "/db")) {
    if (file.path().extension() == ".log" && file.file_size() == kSmall.file_bytes) ++prepared;
  }
  EXPECT_EQ(prepared, 1u);
  fs::copy(original.path(), copy.path(), fs::copy_options::recursive);  // as kill -9 leaves it
  for (int opening = 0; opening < 2; ++opening) {
    auto again = Database::Open(copy.path() + "/db", store_options, options);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(Get(**again, "a7"), std::string(2 << 10, 'a'));
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(Get(**again, "b" + std::to_string(i)), std::string(50'000, 'b'));
    }
  }
}

}  // namespace
}  // namespace tailrace::testing
