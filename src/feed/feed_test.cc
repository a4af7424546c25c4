#include "feed/feed.h"

#include <gtest/gtest.h>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

class FeedTest : public testing::Test {
 protected:
  std::string_view Found(Position begin, Position end = 0, Format format = Format::kText) {
    const Segment* segment = feed_.Find(maker_, cache_, format, begin, end);
    return segment == nullptr ? "nothing" : segment->Framed(false);
  }

  TestRenderer renderer_;
  SegmentMaker maker_{renderer_};
  SegmentCache cache_{1 << 20};
  Feed feed_{Rig::Key(), 1};
};

LogInfo Ended(LogInfo info) {
  info.outcome = Outcome{};
  info.ended = 1;
  return info;
}

TEST_F(FeedTest, LearnsWhatIsNewer) {
  EXPECT_EQ(feed_.info(), nullptr);
  EXPECT_EQ(feed_.number(), 0u);
  EXPECT_EQ(feed_.head(), 0u);
  EXPECT_TRUE(feed_.Learn(TestInfo(3, 10)));
  EXPECT_FALSE(feed_.Learn(TestInfo(3, 10)));
  EXPECT_TRUE(feed_.Learn(TestInfo(3, 12)));
  EXPECT_EQ(feed_.head(), 12u);
  EXPECT_TRUE(feed_.Learn(TestInfo(3, 12, 4)));
  EXPECT_TRUE(feed_.Learn(Ended(TestInfo(3, 12, 4))));
  EXPECT_TRUE(feed_.info()->HasEnded());
}

TEST_F(FeedTest, WhatIsOlderChangesNothing) {
  feed_.Learn(Ended(TestInfo(3, 12, 4)));
  EXPECT_FALSE(feed_.Learn(TestInfo(3, 12, 4)));
  EXPECT_FALSE(feed_.Learn(TestInfo(3, 11)));
  EXPECT_FALSE(feed_.Learn(TestInfo(2, 100)));
  EXPECT_EQ(feed_.number(), 3u);
  EXPECT_EQ(feed_.head(), 12u);
  EXPECT_EQ(feed_.info()->first, 4u);
  EXPECT_TRUE(feed_.info()->HasEnded());
}

TEST_F(FeedTest, AClockThatWentBackMakesNothingNewer) {
  feed_.Learn(TestInfo(3, 12));
  LogInfo older = TestInfo(3, 11);
  older.updated = 1'000;
  EXPECT_FALSE(feed_.Learn(older));
  EXPECT_EQ(feed_.head(), 12u);
}

TEST_F(FeedTest, AnyOrderOfTheSameFactsGivesTheSame) {
  const std::vector<LogInfo> facts = {TestInfo(1, 5), TestInfo(2, 0),    TestInfo(2, 3),
                                      TestInfo(2, 8), TestInfo(2, 8, 3), Ended(TestInfo(2, 9, 3))};
  std::vector<size_t> order = {0, 1, 2, 3, 4, 5};
  do {
    for (size_t removed_after = 0; removed_after <= facts.size(); ++removed_after) {
      Feed feed(Rig::Key(), 1);
      for (size_t i = 0; i < facts.size(); ++i) {
        if (i == removed_after) feed.LearnRemoved(1);
        feed.Learn(facts[order[i]]);
      }
      ASSERT_EQ(feed.number(), 2u);
      ASSERT_EQ(feed.head(), 9u);
      ASSERT_EQ(feed.info()->first, 3u);
      ASSERT_TRUE(feed.info()->HasEnded());
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(FeedTest, WhatWasRemovedDoesNotComeBack) {
  feed_.Learn(TestInfo(3, 10));
  EXPECT_FALSE(feed_.LearnRemoved(2));
  EXPECT_EQ(feed_.number(), 3u);
  EXPECT_TRUE(feed_.LearnRemoved(3));
  EXPECT_FALSE(feed_.LearnRemoved(3));
  EXPECT_EQ(feed_.info(), nullptr);
  EXPECT_FALSE(feed_.Learn(TestInfo(3, 11)));
  EXPECT_EQ(feed_.info(), nullptr);
  EXPECT_TRUE(feed_.Learn(TestInfo(4, 1)));
}

TEST_F(FeedTest, RemovalMayBeKnownBeforeTheLogIs) {
  EXPECT_FALSE(feed_.LearnRemoved(3));
  EXPECT_FALSE(feed_.Learn(TestInfo(3, 10)));
  EXPECT_EQ(feed_.number(), 0u);
}

TEST_F(FeedTest, NewChunksAreRenderedOncePerFormat) {
  feed_.Learn(TestInfo(1, 3));
  feed_.AddChunks({TestChunk(0, {"a", "b"}), TestChunk(2, {"c"})});
  EXPECT_EQ(Found(0), "log1 0 a\nlog1 1 b\n");
  EXPECT_EQ(Found(2), "log1 2 c\n");
  EXPECT_EQ(Found(2, 3, Format::kJson), "{log1 2 c\n");
  EXPECT_EQ(Found(2).data(), Found(2).data());
  EXPECT_EQ(cache_.Bytes(), 0u) << "whole chunks belong to the window";
}

TEST_F(FeedTest, PartsOfChunksGoToTheCache) {
  feed_.Learn(TestInfo(1, 4));
  feed_.AddChunks({TestChunk(0, {"a", "b", "c", "d"})});
  EXPECT_EQ(Found(1), "log1 1 b\nlog1 2 c\nlog1 3 d\n");
  EXPECT_EQ(Found(1, 3), "log1 1 b\nlog1 2 c\n") << "a segment that was half sent";
  EXPECT_EQ(Found(0, 2), "log1 0 a\nlog1 1 b\n");
  EXPECT_GT(cache_.Bytes(), 0u);
}

TEST_F(FeedTest, WhatTheWindowDoesNotHoldIsNotFound) {
  feed_.Learn(TestInfo(1, 8));
  EXPECT_EQ(Found(0), "nothing");
  feed_.AddChunks({TestChunk(4, {"e", "f"}), TestChunk(6, {"g", "h"})});
  EXPECT_EQ(Found(3), "nothing");
  EXPECT_EQ(Found(8), "nothing");
  EXPECT_EQ(Found(4, 8), "nothing") << "a segment of two chunks came from the store";
  EXPECT_EQ(Found(5, 8), "nothing");
  EXPECT_EQ(Found(5), "log1 5 f\n");
}

TEST_F(FeedTest, ChunksThatAreThereAlreadyAreNotTakenAgain) {
  feed_.Learn(TestInfo(1, 4));
  feed_.AddChunks({TestChunk(2, {"c", "d"})});
  const uint64_t bytes = feed_.WindowBytes();
  feed_.AddChunks({TestChunk(0, {"a", "b"}), TestChunk(2, {"c", "d"})});
  EXPECT_EQ(feed_.WindowBytes(), bytes);
  EXPECT_EQ(Found(0), "nothing");
}

TEST_F(FeedTest, AHoleBeforeAChunkEmptiesTheWindow) {
  feed_.Learn(TestInfo(1, 6));
  feed_.AddChunks({TestChunk(0, {"a", "b"})});
  feed_.AddChunks({TestChunk(4, {"e", "f"})});
  EXPECT_EQ(Found(0), "nothing");
  EXPECT_EQ(Found(4), "log1 4 e\nlog1 5 f\n");
}

TEST_F(FeedTest, WindowBytesCountChunksAndTheirSegments) {
  feed_.Learn(TestInfo(1, 2));
  const ChunkPtr first = TestChunk(0, {"a"});
  const ChunkPtr second = TestChunk(1, {"bb"});
  feed_.AddChunks({first, second});
  uint64_t expected = first->encoded.size() + second->encoded.size();
  EXPECT_EQ(feed_.WindowBytes(), expected);
  for (const Format format : {Format::kText, Format::kJson, Format::kBatch}) {
    expected += feed_.Find(maker_, cache_, format, 0, 0)->bytes.size();
  }
  EXPECT_EQ(feed_.WindowBytes(), expected);
  feed_.ShrinkWindow(expected);
  EXPECT_EQ(feed_.WindowBytes(), expected);
  feed_.ShrinkWindow(expected - 1);
  EXPECT_EQ(feed_.WindowBytes(), second->encoded.size()) << "the oldest goes, with its segments";
  EXPECT_EQ(Found(0), "nothing");
  feed_.ShrinkWindow(0);
  EXPECT_EQ(feed_.WindowBytes(), 0u);
}

TEST_F(FeedTest, AnotherIncarnationBeginsWithAnEmptyWindow) {
  feed_.Learn(TestInfo(1, 1));
  feed_.AddChunks({TestChunk(0, {"old"})});
  feed_.Learn(TestInfo(2, 1));
  EXPECT_EQ(feed_.WindowBytes(), 0u);
  EXPECT_EQ(Found(0), "nothing");
  feed_.AddChunks({TestChunk(0, {"new"})});
  EXPECT_EQ(Found(0), "log2 0 new\n");
  feed_.LearnRemoved(2);
  EXPECT_EQ(feed_.WindowBytes(), 0u);
}

}  // namespace
}  // namespace tailrace
