#include "source/spool_queue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>

#include "source/spool_feeder.h"

namespace tailrace {
namespace {

// A file whose writes hang from the moment it is told so until it is released.
class HangingDisk {
 public:
  SpoolIo Io() {
    SpoolIo io = SpoolIo::System();
    io.write = [this](int fd, const void* data, size_t size, off_t offset) {
      if (hangs) {
        arrived_.count_down();
        released_.get_future().wait();
        hangs = false;
      }
      return ::pwrite(fd, data, size, offset);
    };
    return io;
  }
  void AwaitHang() { arrived_.wait(); }
  void Release() { released_.set_value(); }

  std::atomic<bool> hangs = false;

 private:
  std::latch arrived_{1};
  std::promise<void> released_;
};

class SpoolQueueTest : public testing::Test {
 protected:
  SpoolQueueTest() {
    spool_ = std::move(*Spool::CreateInMemory({{"t", "1"}, "p", "", "", true}, {.io = disk_.Io()}));
    feeder_.emplace(*spool_, Say{.note = {}, .warn = [](const std::string&) {}});
    queue_.emplace(*feeder_, SpoolQueue::Options{.limit_bytes = 10'000,
                                                 .on_room = [this] { ++rooms_; },
                                                 .on_loss = [this] { ++losses_; }});
    recorder_.emplace(*queue_);
  }

  void Line(const std::string& text) {
    recorder_->Add("stdout", {.time = 1, .text = text});
    recorder_->Flush();
  }
  // Numbers of lines, until the queue is full.
  void Fill() {
    while (!queue_->Full()) Line(std::to_string(next_++));
  }
  // Checks that what the spool has and what it says to be lost are all lines, in order.
  void ExpectAllLinesOrGaps() {
    const auto batch = spool_->Read(1 << 20);
    EntryReader reader(batch->encoded);
    Entry entry;
    uint64_t expected = 0;
    while (reader.Next(entry)) {
      expected += entry.lost.value_or(0);
      if (entry.stream == "event") continue;
      EXPECT_EQ(entry.text, std::to_string(expected++));
    }
    EXPECT_EQ(expected, next_);
    EXPECT_TRUE(batch->finished);
  }

  HangingDisk disk_;
  std::unique_ptr<Spool> spool_;
  std::optional<SpoolFeeder> feeder_;
  std::optional<SpoolQueue> queue_;
  std::optional<Recorder> recorder_;
  uint64_t next_ = 0;
  std::atomic<int> rooms_ = 0;
  std::atomic<int> losses_ = 0;
};

TEST_F(SpoolQueueTest, HandsEverythingOnInOrder) {
  for (; next_ < 500; ++next_) {
    Line(std::to_string(next_));
    if (next_ % 10 != 0) continue;
    ASSERT_TRUE(queue_->WaitUntilEmpty(60'000));
  }
  recorder_->Finish(Outcome{}, 2);
  ASSERT_TRUE(queue_->WaitUntilEmpty(60'000));
  EXPECT_EQ(queue_->Done(), 500u);
  ExpectAllLinesOrGaps();
  EXPECT_EQ(losses_, 0);
}

TEST_F(SpoolQueueTest, AHangingDiskCostsOnlyWhatDoesNotFitIntoMemory) {
  Line(std::to_string(next_++));
  ASSERT_TRUE(queue_->WaitUntilEmpty(60'000));
  disk_.hangs = true;
  Line(std::to_string(next_++));
  disk_.AwaitHang();
  Fill();
  const uint64_t kept = next_;
  for (int i = 0; i < 100; ++i) Line(std::to_string(next_++));  // Returns, though nothing moves.
  EXPECT_EQ(losses_, 1);
  EXPECT_EQ(queue_->Done(), 1u);
  EXPECT_FALSE(queue_->WaitUntilEmpty(0));
  disk_.Release();
  ASSERT_TRUE(queue_->WaitUntilEmpty(60'000));
  EXPECT_EQ(rooms_, 1);
  EXPECT_EQ(queue_->Done(), kept);
  Line(std::to_string(next_++));
  recorder_->Finish(Outcome{}, 2);
  ASSERT_TRUE(queue_->WaitUntilEmpty(60'000));
  ExpectAllLinesOrGaps();
}

TEST_F(SpoolQueueTest, LinesLostAtTheVeryEndAreSaidToo) {
  disk_.hangs = true;
  Line(std::to_string(next_++));
  disk_.AwaitHang();
  Fill();
  Line(std::to_string(next_++));
  recorder_->Finish(Outcome{}, 2);  // Does not wait either.
  disk_.Release();
  queue_.reset();
  ExpectAllLinesOrGaps();
}

TEST(StallWatch, HoldsBackAsLongAsTheDiskMoves) {
  StallWatch watch(1000);
  EXPECT_FALSE(watch.HoldUntilMs(false, 0, 0));
  EXPECT_EQ(watch.HoldUntilMs(true, 7, 100), 1100);
  EXPECT_EQ(watch.HoldUntilMs(true, 7, 1099), 1100);
  EXPECT_EQ(watch.HoldUntilMs(true, 8, 1099), 2099);  // moved
  EXPECT_FALSE(watch.HoldUntilMs(true, 8, 2099));     // hangs
  EXPECT_FALSE(watch.HoldUntilMs(true, 8, 9000));
  EXPECT_EQ(watch.HoldUntilMs(true, 9, 9001), 10'001);  // moves again
  EXPECT_FALSE(watch.HoldUntilMs(false, 9, 9002));
  EXPECT_EQ(watch.HoldUntilMs(true, 9, 20'000), 21'000);
}

}  // namespace
}  // namespace tailrace
