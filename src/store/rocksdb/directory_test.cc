#include "store/rocksdb/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/temp_directory.h"
#include "store/testing.h"

namespace tailrace::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(StoreDirectory, IsMadeWithItsParents) {
  const TempDirectory directory;
  const std::string path = directory.path() + "/a/b";
  ASSERT_TRUE(OpenRocksDbStore(path, StoreOptions()).has_value());
  std::ifstream format(path + "/FORMAT");
  std::string line;
  std::getline(format, line);
  EXPECT_EQ(line, "tailrace store format 2");
}

TEST(StoreDirectory, IsForOneProcess) {
  const TempDirectory directory;
  const auto first = OpenRocksDbStore(directory.path(), StoreOptions());
  ASSERT_TRUE(first.has_value());
  // Also within one process: the lock belongs to the open file.
  const auto second = OpenRocksDbStore(directory.path(), StoreOptions());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message,
              AllOf(HasSubstr(directory.path()), HasSubstr("another process"), HasSubstr("stop")));
}

TEST(StoreDirectory, OfAnotherFormatIsRefusedWithBothVersions) {
  const TempDirectory directory;
  std::ofstream(directory.path() + "/FORMAT") << "tailrace store format 7\n";
  const auto store = OpenRocksDbStore(directory.path(), StoreOptions());
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(store.error().message,
              AllOf(HasSubstr("format 7"), HasSubstr("format 2"), HasSubstr(directory.path())));
}

TEST(StoreDirectory, WithoutItsFormatIsRefused) {
  const TempDirectory directory;
  std::filesystem::create_directory(directory.path() + "/db");
  EXPECT_EQ(OpenRocksDbStore(directory.path(), StoreOptions()).error().code, ErrorCode::kCorrupt);
  std::ofstream(directory.path() + "/FORMAT") << "something else\n";
  EXPECT_EQ(OpenRocksDbStore(directory.path(), StoreOptions()).error().code, ErrorCode::kCorrupt);
}

TEST(StoreDirectory, ThatCannotBeMadeIsNamed) {
  const auto store = OpenRocksDbStore("/proc/nowhere/store", StoreOptions());
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(store.error().message, HasSubstr("/proc/nowhere/store"));
}

}  // namespace
}  // namespace tailrace::testing
