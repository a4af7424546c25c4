#include "feed/segment_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

constexpr uint64_t kLimit = 8 * 1000;
const Style kText(Format::kText);
const Style kBatch(Format::kBatch);

Segment MakeTestSegment(Position begin, size_t size_bytes) {
  Segment segment;
  segment.begin = begin;
  segment.end = begin + 3;
  for (size_t i = 0; i < size_bytes; ++i) {
    segment.bytes.push_back(static_cast<char>(begin * 31 + i));
  }
  segment.sum = {.crc = 1, .shift = 2, .bytes = begin};
  return segment;
}

class SegmentFilesTest : public testing::Test {
 public:
  SegmentFilesTest() {
    std::string name = std::filesystem::temp_directory_path() / "tailrace-segments-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    files_.emplace(folder_, SegmentFilesLimits{.bytes = kLimit, .segment_bytes = 10});
  }
  ~SegmentFilesTest() override { std::filesystem::remove_all(folder_); }

 protected:
  // As a segment is that two viewers needed.
  void KeepTwice(uint64_t log_number, Style style, const Segment& segment) {
    Keep(log_number, style, segment);
    Keep(log_number, style, segment);
  }
  void Keep(uint64_t log_number, Style style, const Segment& segment) {
    files_->Keep(log_number, style, {segment.begin, segment.end, segment.sum, 77}, segment.bytes);
  }
  bool Has(uint64_t log_number, Position begin) {
    return files_->Find(log_number, kText, begin) != nullptr;
  }

  std::string folder_;
  std::optional<SegmentFiles> files_;
};

TEST_F(SegmentFilesTest, GivesBackWhatWasMadeTwice) {
  const Segment segment = MakeTestSegment(5, 100);
  const Style style(Format::kJson);
  Keep(7, style, segment);
  EXPECT_EQ(files_->Find(7, style, 5), nullptr) << "most are made once";
  EXPECT_EQ(files_->Stats().bytes, 0u);
  Keep(7, style, segment);
  const SegmentPtr found = files_->Find(7, style, 5);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->begin, 5u);
  EXPECT_EQ(found->end, 8u);
  EXPECT_EQ(found->bytes, segment.bytes);
  EXPECT_EQ(found->sum.bytes, 5u);
  EXPECT_EQ(found->plain_bytes, 77u);
  EXPECT_EQ(files_->Stats().bytes, 100u);
  EXPECT_EQ(files_->Find(8, style, 5), nullptr);
  EXPECT_EQ(files_->Find(7, Style(Format::kBatch), 5), nullptr);
  EXPECT_EQ(files_->Find(7, style, 6), nullptr);
  EXPECT_EQ(files_->Find(7, SegmentKind::Raw(), 5), nullptr);
}

TEST_F(SegmentFilesTest, CompressedOnesAreKeptAtOnce) {
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    const Style style(Format::kText, coding);
    Keep(1, style, MakeTestSegment(0, 100));
    EXPECT_NE(files_->Find(1, style, 0), nullptr);
  }
  EXPECT_FALSE(Has(1, 0));
}

TEST_F(SegmentFilesTest, RemembersThousandsThatWereMadeOnce) {
  files_.emplace(folder_, SegmentFilesLimits{.bytes = 8 << 20, .segment_bytes = 10});
  constexpr Position kSegments = 4000;
  for (Position n = 0; n < kSegments; ++n) Keep(1, kText, MakeTestSegment(n, 10));
  for (Position n = 0; n < kSegments; ++n) Keep(1, kText, MakeTestSegment(n, 10));
  Position kept = 0;
  for (Position n = 0; n < kSegments; ++n) kept += Has(1, n) ? 1 : 0;
  EXPECT_GT(kept, kSegments * 95 / 100);
}

TEST_F(SegmentFilesTest, FilesHaveNoNames) {
  KeepTwice(1, kText, MakeTestSegment(0, 100));
  EXPECT_TRUE(Has(1, 0));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SegmentFilesTest, SmallAndLargeOnesAreNotKept) {
  KeepTwice(1, kText, MakeTestSegment(0, 9));
  KeepTwice(1, kText, MakeTestSegment(1, 1001));
  KeepTwice(1, kText, MakeTestSegment(2, 1000));
  EXPECT_FALSE(Has(1, 0));
  EXPECT_FALSE(Has(1, 1));
  EXPECT_TRUE(Has(1, 2));
}

TEST_F(SegmentFilesTest, TheOldestMakeRoom) {
  for (Position n = 0; n < 100; ++n) {
    KeepTwice(1, kText, MakeTestSegment(n, 300));
    EXPECT_TRUE(Has(1, n));
    EXPECT_LE(files_->Stats().bytes, kLimit);
  }
  EXPECT_GE(files_->Stats().bytes, kLimit * 3 / 4);
  EXPECT_FALSE(Has(1, 70));
  for (Position n = 80; n < 100; ++n) EXPECT_TRUE(Has(1, n)) << n;
}

TEST_F(SegmentFilesTest, ForgetsALog) {
  for (const uint64_t log_number : {1, 2, 3}) {
    KeepTwice(log_number, kText, MakeTestSegment(0, 100));
    KeepTwice(log_number, kBatch, MakeTestSegment(50, 100));
  }
  files_->Forget(2);
  EXPECT_TRUE(Has(1, 0));
  EXPECT_FALSE(Has(2, 0));
  EXPECT_EQ(files_->Find(2, kBatch, 50), nullptr);
  EXPECT_TRUE(Has(3, 0));
}

TEST_F(SegmentFilesTest, WithoutAFolderNothingIsKept) {
  std::filesystem::remove_all(folder_);
  KeepTwice(1, kText, MakeTestSegment(0, 100));
  EXPECT_FALSE(Has(1, 0));
}

// Writes over the process's own file, which has no name, through its descriptor.
void Damage(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (!target.starts_with(folder + "/")) continue;
    const int fd = open(entry.path().c_str(), O_WRONLY);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(pwrite(fd, "?", 1, 50), 1);
    close(fd);
  }
}

TEST_F(SegmentFilesTest, OtherBytesAreNotGiven) {
  const Segment segment = MakeTestSegment(0, 100);
  KeepTwice(1, kText, segment);
  KeepTwice(1, kText, MakeTestSegment(7, 100));
  Damage(folder_);
  EXPECT_FALSE(Has(1, 0));
  EXPECT_EQ(files_->Stats().errors, 1u);
  EXPECT_TRUE(Has(1, 7));
  Keep(1, kText, segment);
  EXPECT_TRUE(Has(1, 0)) << "made again";
}

TEST_F(SegmentFilesTest, ManyThreads) {
  std::vector<std::jthread> threads;
  for (uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (Position n = 0; n < 400; ++n) {
        const Segment segment = MakeTestSegment(n % 50, 100 + n % 50);
        KeepTwice(n % 3, kText, segment);
        const SegmentPtr found = files_->Find(n % 3, kText, n % 50);
        if (found != nullptr) {
          EXPECT_EQ(found->bytes, segment.bytes);
        }
        if (n % 37 == thread) files_->Forget(n % 3);
      }
    });
  }
  threads.clear();
  EXPECT_LE(files_->Stats().bytes, kLimit);
  EXPECT_EQ(files_->Stats().errors, 0u);
}

// ------------------------------------------------------------------------------------------------
// As FeedTable uses them

class SegmentFilesInFeedTest : public SegmentFilesTest {
 protected:
  // One viewer after the other; the memory of each worker is new.
  std::string Watch(Rig& rig, StreamStart start = {}) {
    TestViewer& viewer = rig.Join(std::move(start));
    rig.Settle();
    std::string payload = viewer.Payload();
    rig.Drop(viewer);
    rig.Settle();
    return payload;
  }
};

TEST_F(SegmentFilesInFeedTest, TheThirdViewerIsServedFromFiles) {
  Rig rig({.cache_bytes = 0, .read_bytes = 40}, &*files_);
  for (int i = 0; i < 10; ++i) rig.Append(20);
  rig.End();
  rig.Settle();
  const std::string all = rig.Lines(0, 200) + "end " + rig.Info().incarnation + " 200\n";
  EXPECT_EQ(Watch(rig), all);
  EXPECT_EQ(Watch(rig), all);
  const uint64_t rendered = rig.table.Stats().store_reads;
  EXPECT_EQ(rig.table.Stats().file_reads, 0u);
  EXPECT_EQ(Watch(rig), all);
  EXPECT_EQ(rig.table.Stats().store_reads, rendered);
  EXPECT_EQ(rig.table.Stats().file_reads, rendered / 2);
}

TEST_F(SegmentFilesInFeedTest, WhoBeginsSomewhereElseSoonReadsTheSame) {
  Rig rig({.cache_bytes = 0, .read_bytes = 60}, &*files_);
  for (int i = 0; i < 60; ++i) rig.Append(3);
  rig.End();
  rig.Settle();
  Watch(rig);
  Watch(rig);
  for (const Position begin : {1u, 4u, 7u, 32u, 33u, 61u, 99u}) {
    const uint64_t rendered = rig.table.Stats().store_reads;
    EXPECT_TRUE(Watch(rig, {.position = begin}).starts_with(rig.Lines(begin, 180)));
    EXPECT_LE(rig.table.Stats().store_reads, rendered + 1) << begin;
  }
  EXPECT_GT(rig.table.Stats().file_reads, 0u);
}

TEST_F(SegmentFilesInFeedTest, WhereTheLogEndsForNowNothingIsKept) {
  Rig rig({.feed_bytes = 0, .cache_bytes = 0, .read_bytes = 1000}, &*files_);
  for (int i = 0; i < 5; ++i) {
    rig.Append(10);
    rig.Settle();
    EXPECT_EQ(Watch(rig), rig.Lines(0, 10 * (i + 1)));
    EXPECT_EQ(Watch(rig), rig.Lines(0, 10 * (i + 1)));
  }
  EXPECT_EQ(files_->Stats().bytes, 0u);
}

TEST_F(SegmentFilesInFeedTest, DeletedWhileItIsReadFromAFile) {
  Rig rig({.cache_bytes = 0, .read_bytes = 40}, &*files_);
  for (int i = 0; i < 4; ++i) rig.Append(20);
  rig.Settle();
  const std::string lines = rig.Lines(0, 40);
  Watch(rig);
  Watch(rig);
  const TestViewer& viewer = rig.Join();
  rig.Turns();
  rig.pool.RunAll();
  rig.Turns();
  ASSERT_GT(rig.pool.Waiting(), 0u);
  const uint64_t number = rig.Info().number;
  rig.Remove();
  files_->Forget(number);
  rig.Append(2);
  rig.Settle();
  EXPECT_TRUE(viewer.Payload().ends_with("deleted\n"));
  EXPECT_EQ(viewer.transcript->finished, 1);
  EXPECT_EQ(Watch(rig), rig.Lines(0, 2));
}

}  // namespace
}  // namespace tailrace
