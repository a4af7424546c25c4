// Catching up from the store: shared reads, gaps inside, and what changes while one is under way.
#include <gtest/gtest.h>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

// Viewers which have resolved their cursors and wait for a read that has not begun.
void StartReads(Rig& rig) {
  rig.Turns();
  rig.pool.RunAll();
  rig.Turns();
  ASSERT_GT(rig.pool.Waiting(), 0u);
}

TEST(FeedRead, ManyViewersAtOnePlaceReadOnce) {
  Rig rig;
  rig.Append(10);
  for (int i = 0; i < 50; ++i) rig.Join();
  rig.Settle();
  EXPECT_EQ(rig.store.reads, 1u);
  EXPECT_EQ(rig.table.Stats().store_reads, 1u);
  for (const auto& viewer : rig.viewers) EXPECT_EQ(viewer->Payload(), rig.Lines(0, 10));
  rig.Join();
  rig.Settle();
  EXPECT_EQ(rig.store.reads, 1u) << "the segment is in the cache";
}

TEST(FeedRead, EachFormatIsReadByItself) {
  Rig rig;
  rig.Append(3);
  rig.Join();
  const TestViewer& json = rig.Join({}, Rig::Key(), Format::kJson);
  rig.Settle();
  EXPECT_EQ(rig.store.reads, 2u);
  EXPECT_TRUE(json.Payload().starts_with("{"));
}

TEST(FeedRead, FollowersOfNewChunksReadNothing) {
  Rig rig;
  const TestViewer& viewer = rig.Join();
  rig.Settle();
  for (int i = 0; i < 10; ++i) {
    rig.Append(2);
    rig.Settle();
  }
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 20));
  EXPECT_EQ(rig.store.reads, 0u);
}

TEST(FeedRead, MeetsTheNewChunksWithoutASeam) {
  Rig rig({.read_bytes = 1});
  for (int i = 0; i < 5; ++i) rig.Append(2);
  const TestViewer& viewer = rig.Join({.position = 3});
  StartReads(rig);
  rig.Append(2);
  rig.pool.Work();
  rig.Append(2);
  rig.Deliver();
  rig.Turns();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(3, 14));
}

TEST(FeedRead, ReadersMayMeetEntriesBeforeTheCommitIsDelivered) {
  Rig rig;
  rig.Append(2);
  const TestViewer& viewer = rig.Join();
  StartReads(rig);
  rig.Append(3);
  rig.End();
  rig.pool.RunAll();
  rig.Turns();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 5));
  EXPECT_EQ(viewer.Lag(), 0u) << "beyond the head that this worker knows";
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 5) + "end " + rig.Info().incarnation + " 5\n");
}

TEST(FeedRead, RetentionWhileReading) {
  Rig rig;
  rig.Append(3);
  const TestViewer& viewer = rig.Join();
  StartReads(rig);
  rig.CutAll();
  rig.Append(2);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(),
            "gap " + rig.Info().incarnation + " 0 3 retention\n" + rig.Lines(3, 5));
}

TEST(FeedRead, DamagedBlocksAreAGap) {
  Rig rig;
  rig.Append(3);
  rig.Append(2);
  rig.Append(3);
  rig.store.Damage(Rig::Key(), 4);
  const TestViewer& start = rig.Join();
  const TestViewer& inside = rig.Join({.position = 4});
  rig.Settle();
  const std::string gap = "gap " + rig.Info().incarnation;
  EXPECT_EQ(start.Payload(), rig.Lines(0, 3) + gap + " 3 5 damaged\n" + rig.Lines(5, 8));
  EXPECT_EQ(inside.Payload(), gap + " 4 5 damaged\n" + rig.Lines(5, 8));
  EXPECT_EQ(rig.table.Stats().gaps, 2u);
}

TEST(FeedRead, DamageInTheMiddleOfAnEvictedSegmentAborts) {
  Rig rig({.cache_bytes = 0});
  rig.Append(3);
  rig.Append(3);
  TestViewer& viewer = rig.Join();
  viewer.room = 15;
  rig.Settle();
  rig.store.Damage(Rig::Key(), 4);
  rig.Open(viewer);
  rig.Settle();
  EXPECT_EQ(viewer.transcript->aborted, 1);
}

TEST(FeedRead, Unavailable) {
  Rig rig;
  rig.Append(3);
  const TestViewer& viewer = rig.Join();
  StartReads(rig);
  rig.store.unreadable = true;
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "unavailable\n");
  EXPECT_EQ(viewer.transcript->finished, 1);
}

TEST(FeedRead, UnavailableInTheMiddleOfAnEvictedSegmentAborts) {
  Rig rig({.cache_bytes = 0});
  rig.Append(3);
  TestViewer& viewer = rig.Join();
  viewer.room = 15;
  rig.Settle();
  rig.store.unreadable = true;
  rig.Open(viewer);
  rig.Settle();
  EXPECT_EQ(viewer.transcript->aborted, 1);
  EXPECT_EQ(viewer.transcript->finished, 0);
}

TEST(FeedRead, DetachedWhileReading) {
  Rig rig;
  rig.Append(3);
  TestViewer& leaves = rig.Join();
  const TestViewer& stays = rig.Join();
  StartReads(rig);
  rig.Drop(leaves);
  rig.Settle();
  EXPECT_EQ(stays.Payload(), rig.Lines(0, 3));
  TestViewer& last = rig.Join({.position = 1}, Rig::Key(), Format::kJson);
  rig.Turns();
  ASSERT_EQ(rig.pool.Waiting(), 1u);
  while (rig.viewers.size() > 1) rig.Drop(*rig.viewers.front());
  EXPECT_EQ(rig.viewers.front().get(), &last);
  rig.Drop(last);
  rig.Turns();
  EXPECT_EQ(rig.table.Stats().feeds, 0u);
  rig.Settle();
}

// ------------------------------------------------------------------------------------------------
// Deletion while reading

TEST(FeedRead, DeletedWhileReadingAndToldBeforeTheReadIsBack) {
  for (const bool read_before : {true, false}) {
    Rig rig;
    rig.Append(3);
    const TestViewer& viewer = rig.Join();
    const std::string lines = rig.Lines(0, 3);
    StartReads(rig);
    if (read_before) rig.pool.Work();
    rig.Remove();
    rig.Deliver();
    rig.Turns();
    if (!read_before) rig.pool.Work();
    rig.pool.Done();
    rig.Turns();
    EXPECT_EQ(viewer.Payload(), "deleted\n") << read_before;
    EXPECT_EQ(viewer.transcript->finished, 1);
  }
}

TEST(FeedRead, DeletedWhileReadingAndToldAfterwards) {
  Rig rig;
  rig.Append(3);
  TestViewer& viewer = rig.Join();
  StartReads(rig);
  rig.Remove();
  rig.pool.RunAll();
  rig.Turns();
  EXPECT_EQ(viewer.Payload(), "");
  EXPECT_EQ(rig.pool.Waiting(), 0u) << "waits for the commit, does not ask again and again";
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "deleted\n");
}

TEST(FeedRead, DeletedInTheMiddleOfASegmentThatIsReadAgain) {
  Rig rig({.cache_bytes = 0});
  rig.Append(3);
  TestViewer& viewer = rig.Join();
  viewer.room = 15;
  rig.Settle();
  rig.Open(viewer);
  rig.Turns();
  ASSERT_EQ(rig.pool.Waiting(), 1u);
  rig.Remove();
  rig.Settle();
  EXPECT_EQ(viewer.transcript->aborted, 1);
  EXPECT_EQ(rig.table.Stats().viewers, 0u);
}

// Two logs of one name, and viewers of both that stand at the same position: the answer about the
// old one says nothing about the new one.
TEST(FeedRead, AReadOfTheOldLogIsNoAnswerAboutTheNewOne) {
  for (const bool cut : {true, false}) {
    Rig rig;
    rig.Append(3);
    const TestViewer& old = rig.Join();
    StartReads(rig);
    if (cut) {
      rig.CutAll();
      rig.pool.Work();  // a gap
    }
    rig.Remove();
    rig.Append(3);
    rig.Deliver();
    rig.table.Detach(rig.Join({}, Rig::Other()));
    // Evicts the new log's chunk, so that it must be read as well.
    rig.Turns();
    const LogInfo info = rig.Append(2);
    TestViewer& fresh = rig.Join({.incarnation = info.incarnation});
    rig.Settle();
    EXPECT_EQ(fresh.Payload(), rig.Lines(0, 5)) << cut;
    EXPECT_EQ(old.transcript->finished, 1);
  }
}

TEST(FeedRead, AReadOfTheOldLogIsNoAnswerAboutTheNewOneWithoutAWindow) {
  for (const bool cut : {true, false}) {
    Rig rig({.feed_bytes = 0, .cache_bytes = 0});
    rig.Append(3);
    const TestViewer& old = rig.Join();
    StartReads(rig);
    if (cut) {
      rig.CutAll();
      rig.pool.Work();  // a gap
    }
    rig.Remove();
    rig.Append(3);
    rig.Deliver();
    rig.Turns();
    TestViewer& fresh = rig.Join();
    rig.Turns();
    rig.Settle();
    EXPECT_EQ(fresh.Payload(), rig.Lines(0, 3)) << cut;
    EXPECT_EQ(old.transcript->finished, 1);
  }
}

}  // namespace
}  // namespace tailrace
