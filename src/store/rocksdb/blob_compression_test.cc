#include "store/rocksdb/blob_compression.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <thread>

#include "store/rocksdb/database.h"
#include "store/rocksdb/temp_directory.h"

namespace tailrace::rocks {
namespace {

using std::chrono::milliseconds;

TEST(BlobPace, FastEntriesStayAsTheyAre) {
  BlobPace::Time now{};
  BlobPace pace(now);
  // 64 MiB in half a second.
  EXPECT_EQ(pace.Add(BlobPace::kWindowBytes - 1, now + milliseconds(499)), std::nullopt);
  EXPECT_EQ(pace.Add(1, now += milliseconds(500)), false);
  EXPECT_EQ(pace.Add(BlobPace::kWindowBytes, now += milliseconds(500)), std::nullopt);
  // Between the two limits nothing changes: 48 MB a second.
  EXPECT_EQ(pace.Add(BlobPace::kWindowBytes, now += milliseconds(1'398)), std::nullopt);
  EXPECT_EQ(pace.Add(BlobPace::kWindowBytes, now += milliseconds(3'000)), true);
  EXPECT_EQ(pace.Add(BlobPace::kWindowBytes, now += milliseconds(1'398)), std::nullopt);
}

TEST(BlobPace, FewEntriesAreJudgedByTheirTime) {
  BlobPace::Time now{};
  BlobPace pace(now);
  EXPECT_EQ(pace.Add(BlobPace::kWindowBytes, now += milliseconds(500)), false);
  EXPECT_EQ(pace.Add(100, now + milliseconds(3'999)), std::nullopt);
  EXPECT_EQ(pace.Add(100, now += milliseconds(4'000)), true);
}

TEST(BlobPace, NoTimeAtAll) {
  BlobPace pace({});
  EXPECT_EQ(pace.Add(BlobPace::kWindowBytes, {}), false);
}

rocksdb::CompressionType CompressionOf(Database& database) {
  return database.db().GetOptions(database.family(Family::kBlocks)).blob_compression_type;
}

void WaitFor(Database& database, rocksdb::CompressionType type) {
  while (CompressionOf(database) != type) std::this_thread::yield();
}

TEST(BlobCompression, ChangesWhatTheNextFlushDoes) {
  const testing::TempDirectory directory;
  const StoreOptions options;
  auto database = Database::Open(directory.path(), options, DatabaseOptions());
  ASSERT_TRUE(database.has_value());
  BlobCompression compression(**database);
  EXPECT_EQ(CompressionOf(**database), rocksdb::kLZ4Compression);
  compression.Written(uint64_t{1} << 40);
  WaitFor(**database, rocksdb::kNoCompression);
  BlobCompression calm(**database);  // one that has seen nothing yet changes nothing
  calm.Written(1);
  EXPECT_EQ(CompressionOf(**database), rocksdb::kNoCompression);
  (*database)->CompressBlocks(true);
  WaitFor(**database, rocksdb::kLZ4Compression);
}

}  // namespace
}  // namespace tailrace::rocks
