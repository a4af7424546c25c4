// One viewer's bytes: transports that block and break, notices between segments, Finish, callbacks
// that change the table, and the limits of what is kept in memory.
#include <gtest/gtest.h>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

// ------------------------------------------------------------------------------------------------
// Transports

TEST(FeedSend, AnyPartitionOfTheBytesGivesTheSame) {
  for (const Format format : {Format::kText, Format::kJson, Format::kBatch}) {
    for (const bool chunked : {true, false}) {
      Rig rig;
      rig.Append(3);
      TestViewer& whole = rig.Join({}, Rig::Key(), format, chunked);
      TestViewer& bytewise = rig.Join({}, Rig::Key(), format, chunked);
      bytewise.room = 1;
      rig.Settle();
      rig.Append(2);
      rig.End();
      rig.Settle();
      for (int i = 0; i < 1000 && bytewise.transcript->finished == 0; ++i) {
        rig.Open(bytewise, 1);
        rig.Settle();
      }
      EXPECT_EQ(bytewise.transcript->raw, whole.transcript->raw);
      EXPECT_EQ(bytewise.transcript->finished, 1);
    }
  }
}

TEST(FeedSend, OneWriteCarriesAllThatIsThere) {
  Rig rig;
  const TestViewer& viewer = rig.Join();
  rig.Append(1);
  rig.Settle();
  const uint64_t writes = viewer.writes;
  for (int i = 0; i < 20; ++i) rig.Append(1);
  rig.Settle();
  EXPECT_EQ(viewer.writes - writes, 1u);
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 21));
}

TEST(FeedSend, BlockedCostsNoWritesUntilThereIsRoom) {
  Rig rig;
  rig.Append(1);
  TestViewer& viewer = rig.Join();
  viewer.room = 5;
  rig.Settle();
  const uint64_t writes = viewer.writes;
  for (int i = 0; i < 10; ++i) {
    rig.Append(1);
    rig.Settle();
  }
  EXPECT_EQ(viewer.writes, writes);
  EXPECT_FALSE(viewer.Idle());
  rig.Open(viewer);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 11));
  EXPECT_TRUE(viewer.Idle());
}

TEST(FeedSend, ABrokenTransportAbortsOnce) {
  Rig rig;
  rig.Append(1);
  TestViewer& viewer = rig.Join();
  const TestViewer& other = rig.Join();
  rig.Settle();
  viewer.broken = true;
  rig.Append(1);
  rig.Settle();
  EXPECT_EQ(viewer.transcript->aborted, 1);
  EXPECT_EQ(viewer.transcript->finished, 0);
  EXPECT_EQ(other.Payload(), rig.Lines(0, 2));
  EXPECT_EQ(rig.table.Stats().viewers, 1u);
  rig.table.Writable(viewer);
  rig.table.Finish(viewer, "late\n");
  EXPECT_FALSE(rig.table.NotifyIfIdle(viewer, "late\n"));
  rig.table.Detach(viewer);
  EXPECT_EQ(viewer.transcript->aborted, 1);
}

TEST(FeedSend, CountsWhatWasSent) {
  Rig rig;
  rig.Append(3);
  const TestViewer& viewer = rig.Join({.position = 1});
  rig.Settle();
  const FeedStats stats = rig.table.Stats();
  EXPECT_EQ(stats.entries_sent, 2u);
  EXPECT_EQ(stats.writes, 1u);
  EXPECT_EQ(stats.bytes_sent[0], viewer.transcript->raw.size());
  EXPECT_EQ(viewer.position(), 3u);
}

// ------------------------------------------------------------------------------------------------
// What is forgotten and made again

TEST(FeedSend, AStalledViewerGoesOnExactlyAfterItsSegmentWasEvicted) {
  for (const Format format : {Format::kText, Format::kJson, Format::kBatch}) {
    for (const bool chunked : {true, false}) {
      for (size_t stop = 1; stop < 130; stop += 3) {
        Rig rig({.feed_bytes = 0, .all_feeds_bytes = 0, .cache_bytes = 0, .read_bytes = 40});
        for (int i = 0; i < 5; ++i) rig.Append(2);
        TestViewer& viewer = rig.Join({.position = 1}, Rig::Key(), format, chunked);
        viewer.room = stop;
        rig.Settle();
        rig.Append(2);
        rig.Settle();
        rig.Open(viewer);
        rig.Settle();
        const TestViewer& fresh = rig.Join({.position = 1}, Rig::Key(), format, chunked);
        rig.Settle();
        ASSERT_EQ(viewer.Payload(), fresh.Payload()) << stop;
        ASSERT_TRUE(viewer.transcript->Whole());
      }
    }
  }
}

TEST(FeedSend, LimitsOfWindowAndCacheHoldAfterEachTurn) {
  const FeedLimits limits{
      .feed_bytes = 300, .all_feeds_bytes = 400, .cache_bytes = 200, .read_bytes = 60};
  Rig rig(limits);
  for (const Format format : {Format::kText, Format::kJson}) {
    rig.Join({}, Rig::Key(), format);
    rig.Join({}, Rig::Other(), format);
  }
  for (int i = 0; i < 30; ++i) {
    rig.Append(3);
    rig.Append(2, Rig::Other());
    rig.Join({.position = static_cast<Position>(i)});
    rig.Deliver();
    rig.pool.RunAll();
    for (bool more = true; more;) {
      more = rig.table.RunTurn();
      EXPECT_LE(rig.table.Stats().window_bytes, limits.all_feeds_bytes);
      EXPECT_LE(rig.table.Stats().cache_bytes, limits.cache_bytes);
    }
  }
  rig.Settle();
  EXPECT_EQ(rig.viewers[0]->Payload(), rig.Lines(0, 90));
}

TEST(FeedSend, TheLogThatWasSilentLongestLosesItsWindowFirst) {
  Rig rig({.all_feeds_bytes = 400});
  rig.Append(1);
  rig.Append(1, Rig::Other());
  rig.Join();
  rig.Join({}, Rig::Other());
  rig.Settle();
  rig.Append(10, Rig::Other());
  rig.Settle();
  rig.Append(10);
  rig.Settle();
  const uint64_t reads = rig.store.reads;
  rig.Join({.position = 1});
  rig.Settle();
  EXPECT_EQ(rig.store.reads, reads) << "in the window";
  rig.Join({.position = 1}, Rig::Other());
  rig.Settle();
  EXPECT_EQ(rig.store.reads, reads + 1);
}

// ------------------------------------------------------------------------------------------------
// Heartbeats and Finish

TEST(FeedNotify, OnlyWhenIdle) {
  Rig rig;
  TestViewer& viewer = rig.Join();
  EXPECT_FALSE(rig.table.NotifyIfIdle(viewer, "note\n")) << "not served yet";
  rig.Turns();
  EXPECT_TRUE(rig.table.NotifyIfIdle(viewer, "note\n")) << "waits for its log";
  EXPECT_FALSE(rig.table.NotifyIfIdle(viewer, "note\n")) << "one is under way";
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "note\n");
  rig.Append(1);
  rig.Settle();
  EXPECT_TRUE(rig.table.NotifyIfIdle(viewer, "note\n")) << "follows";
  rig.Settle();
  viewer.room = 4;
  rig.Append(1);
  rig.Settle();
  EXPECT_FALSE(rig.table.NotifyIfIdle(viewer, "note\n")) << "in the middle of a segment";
  rig.Open(viewer);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "note\n" + rig.Lines(0, 1) + "note\n" + rig.Lines(1, 2));
  rig.End();
  viewer.room = 4;
  rig.Settle();
  EXPECT_FALSE(rig.table.NotifyIfIdle(viewer, "note\n")) << "its end is told";
}

TEST(FeedNotify, NotWhileTheStoreIsRead) {
  Rig rig;
  rig.Append(1);
  TestViewer& viewer = rig.Join();
  rig.pool.RunAll();
  rig.Turns();
  ASSERT_EQ(rig.pool.Waiting(), 1u);
  EXPECT_FALSE(rig.table.NotifyIfIdle(viewer, "note\n"));
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 1));
}

TEST(FeedNotify, HalfSentNoticesStayWhole) {
  Rig rig;
  TestViewer& viewer = rig.Join();
  rig.Settle();
  viewer.room = 13;
  rig.table.NotifyIfIdle(viewer, "note\n");
  rig.Settle();
  EXPECT_FALSE(viewer.transcript->Whole());
  rig.Append(1);
  rig.Settle();
  for (int i = 0; i < 100; ++i) {
    rig.Open(viewer, 1);
    rig.Settle();
  }
  EXPECT_EQ(viewer.Payload(), "note\n" + rig.Lines(0, 1));
}

TEST(FeedFinish, WhileItWaitsFollowsOrIsReady) {
  for (const int state : {0, 1, 2}) {
    Rig rig;
    if (state == 1) rig.Append(1);
    TestViewer& viewer = rig.Join();
    if (state < 2) rig.Settle();
    rig.table.Finish(viewer, "bye\n");
    rig.table.Finish(viewer, "bye\n");
    EXPECT_FALSE(rig.table.NotifyIfIdle(viewer, "note\n"));
    rig.Append(1);
    rig.Settle();
    EXPECT_EQ(viewer.Payload(), (state == 1 ? rig.Lines(0, 1) : "") + "bye\n");
    EXPECT_TRUE(viewer.transcript->chunks.Complete());
    EXPECT_EQ(viewer.transcript->finished, 1);
    EXPECT_EQ(viewer.transcript->aborted, 0);
  }
}

TEST(FeedFinish, WithoutWords) {
  for (const bool chunked : {true, false}) {
    Rig rig;
    TestViewer& viewer = rig.Join({}, Rig::Key(), Format::kText, chunked);
    rig.Settle();
    rig.table.Finish(viewer, "");
    rig.Settle();
    EXPECT_EQ(viewer.transcript->raw, chunked ? "0\r\n\r\n" : "");
    EXPECT_EQ(viewer.transcript->finished, 1);
  }
}

TEST(FeedFinish, WhileTheStoreIsRead) {
  Rig rig;
  rig.Append(1);
  TestViewer& viewer = rig.Join();
  rig.pool.RunAll();
  rig.Turns();
  ASSERT_EQ(rig.pool.Waiting(), 1u);
  rig.table.Finish(viewer, "bye\n");
  rig.Turns();
  EXPECT_EQ(viewer.Payload(), "bye\n");
  EXPECT_EQ(viewer.transcript->finished, 1);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "bye\n");
}

TEST(FeedFinish, ABlockedViewerIsAborted) {
  Rig rig;
  rig.Append(1);
  TestViewer& viewer = rig.Join();
  viewer.room = 4;
  rig.Settle();
  rig.table.Finish(viewer, "bye\n");
  EXPECT_EQ(viewer.transcript->aborted, 1);
  rig.Settle();
  EXPECT_EQ(viewer.transcript->finished, 0);
}

TEST(FeedFinish, ATransportThatBlocksInItsLastWords) {
  Rig rig;
  TestViewer& viewer = rig.Join();
  rig.Settle();
  viewer.room = 3;
  rig.table.Finish(viewer, "bye\n");
  rig.Settle();
  EXPECT_EQ(viewer.transcript->finished, 0);
  rig.table.Finish(viewer, "again\n");
  EXPECT_EQ(viewer.transcript->aborted, 0) << "its end is under way";
  rig.Open(viewer);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "bye\n");
  EXPECT_EQ(viewer.transcript->finished, 1);
}

// ------------------------------------------------------------------------------------------------
// Deletion and retention under a half sent segment

TEST(FeedSend, DeletedWhileBlockedBetweenSegments) {
  Rig rig;
  TestViewer& viewer = rig.Join();
  rig.Settle();
  viewer.room = 5;
  rig.table.NotifyIfIdle(viewer, "note\n");
  rig.Settle();
  rig.Append(1);
  rig.Settle();
  rig.Remove();
  rig.Settle();
  rig.Open(viewer);
  rig.Settle();
  // It had no place in the log that is gone, so it waits for the next one.
  EXPECT_EQ(viewer.Payload(), "note\n");
  rig.Append(2);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "note\n" + rig.Lines(0, 2));
}

TEST(FeedSend, DeletedInTheMiddleOfASegmentFinishesItAndTells) {
  for (const bool created_again : {true, false}) {
    Rig rig;
    rig.Append(4);
    TestViewer& viewer = rig.Join();
    viewer.room = 15;
    rig.Settle();
    rig.Remove();
    if (created_again) rig.Append(4);
    rig.Settle();
    rig.Open(viewer);
    rig.Settle();
    EXPECT_EQ(viewer.transcript->aborted, 0);
    EXPECT_EQ(viewer.transcript->finished, 1);
    EXPECT_TRUE(viewer.Payload().ends_with("deleted\n"));
    EXPECT_TRUE(viewer.transcript->chunks.Complete());
  }
}

TEST(FeedSend, DeletedInTheMiddleOfAnEvictedSegmentAborts) {
  for (const bool created_again : {true, false}) {
    Rig rig({.feed_bytes = 0, .cache_bytes = 0});
    rig.Append(4);
    TestViewer& viewer = rig.Join();
    viewer.room = 15;
    rig.Settle();
    rig.Remove();
    if (created_again) rig.Append(4);
    rig.Settle();
    rig.Open(viewer);
    rig.Settle();
    EXPECT_EQ(viewer.transcript->aborted, 1);
    EXPECT_EQ(viewer.transcript->finished, 0);
    EXPECT_EQ(viewer.transcript->raw.size(), 15u);
  }
}

TEST(FeedSend, RetentionInTheMiddleOfAnEvictedSegmentAborts) {
  Rig rig({.feed_bytes = 0, .cache_bytes = 0});
  rig.Append(4);
  TestViewer& viewer = rig.Join();
  viewer.room = 15;
  rig.Settle();
  rig.CutAll();
  rig.Settle();
  rig.Open(viewer);
  rig.Settle();
  EXPECT_EQ(viewer.transcript->aborted, 1);
}

TEST(FeedSend, RetentionInTheMiddleOfASegmentThatIsStillHereDoesNot) {
  Rig rig;
  rig.Append(4);
  TestViewer& viewer = rig.Join();
  viewer.room = 15;
  rig.Settle();
  const std::string lines = rig.Lines(0, 4);
  rig.CutAll();
  rig.Settle();
  rig.Open(viewer);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), lines);
}

// ------------------------------------------------------------------------------------------------
// Callbacks

TEST(FeedCallbacks, GoneViewersMayBeDestroyedWithTheirNeighbours) {
  for (const bool breaks : {true, false}) {
    Rig rig({.turn_sends = 8});
    rig.Append(1);
    for (int i = 0; i < 40; ++i) rig.Join();
    rig.Settle();
    std::vector<std::shared_ptr<Transcript>> kept;
    for (const auto& held : rig.viewers) kept.push_back(held->transcript);
    for (size_t i = 0; i < rig.viewers.size(); i += 4) {
      TestViewer* viewer = rig.viewers[i].get();
      TestViewer* neighbour = rig.viewers[(i + 21) % 40].get();
      viewer->broken = breaks;
      viewer->on_gone = [&rig, viewer, neighbour] {
        rig.Drop(*viewer);
        rig.Drop(*neighbour);
      };
    }
    const std::string lines = rig.Lines(0, 2);
    rig.AppendTexts({"1"}, !breaks);
    const std::string end = breaks ? "" : "end " + rig.Info().incarnation + " 2\n";
    rig.Settle();
    EXPECT_EQ(rig.viewers.size(), 20u);
    for (const auto& viewer : rig.viewers) EXPECT_EQ(viewer->Payload(), lines + end);
    EXPECT_EQ(rig.table.Stats().viewers, breaks ? 20u : 0u);
    for (const auto& transcript : kept) EXPECT_LE(transcript->finished + transcript->aborted, 1);
  }
}

TEST(FeedCallbacks, TheNextRequestMayAttachAtOnce) {
  Rig rig;
  rig.AppendTexts({"0"}, true);
  TestViewer* second = nullptr;
  rig.Join().on_gone = [&] { second = &rig.Join({}, Rig::Key(), Format::kJson); };
  rig.Settle();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->transcript->finished, 1);
  EXPECT_EQ(rig.table.Stats().feeds, 0u);
}

TEST(FeedCallbacks, AnUnavailableStoreMayDestroyAllItsViewers) {
  Rig rig({.feed_bytes = 0, .cache_bytes = 0});
  rig.Append(4);
  for (int i = 0; i < 5; ++i) rig.Join().room = 15;  // half of a segment
  rig.Settle();
  for (const auto& held : rig.viewers) {
    held->on_gone = [&rig] {
      while (!rig.viewers.empty()) rig.Drop(*rig.viewers.back());
    };
    rig.Open(*held);
  }
  rig.Turns();
  rig.store.unreadable = true;
  rig.Settle();
  EXPECT_TRUE(rig.viewers.empty());
  EXPECT_EQ(rig.table.Stats().feeds, 0u);
}

}  // namespace
}  // namespace tailrace
