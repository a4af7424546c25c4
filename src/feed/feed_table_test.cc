// Where a viewer begins and what it is told. Turns are in feed_turns_test.cc, what happens while
// segments are sent in feed_send_test.cc, reading from the store in feed_read_test.cc.
#include "feed/feed_table.h"

#include <gtest/gtest.h>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

std::string EndLine(const LogInfo& info) {
  return "end " + info.incarnation + " " + std::to_string(info.position) + "\n";
}

// ------------------------------------------------------------------------------------------------
// Joining

TEST(FeedTableJoin, FromTheStartTheMiddleAndTheHead) {
  Rig rig;
  rig.Append(4);
  rig.Append(4);
  const TestViewer& start = rig.Join();
  const TestViewer& middle = rig.Join({.position = 3});
  const TestViewer& head = rig.Join({.position = 8});
  rig.Settle();
  EXPECT_EQ(start.Payload(), rig.Lines(0, 8));
  EXPECT_EQ(middle.Payload(), rig.Lines(3, 8));
  EXPECT_EQ(head.Payload(), "");
  rig.Append(2);
  rig.Settle();
  EXPECT_EQ(start.Payload(), rig.Lines(0, 10));
  EXPECT_EQ(middle.Payload(), rig.Lines(3, 10));
  EXPECT_EQ(head.Payload(), rig.Lines(8, 10));
}

TEST(FeedTableJoin, WithTheIncarnationThatIsThere) {
  Rig rig;
  const LogInfo info = rig.Append(4);
  const TestViewer& viewer = rig.Join({.incarnation = info.incarnation, .position = 2});
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(2, 4));
}

TEST(FeedTableJoin, BeforeTheLogExists) {
  Rig rig;
  const TestViewer& viewer = rig.Join();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "");
  EXPECT_TRUE(viewer.Idle());
  rig.Create();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "");
  rig.Append(3);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 3));
}

TEST(FeedTableJoin, TheHeadOfTheResponseLeavesAtOnce) {
  Rig rig;
  TestViewer& viewer = rig.NewViewer({}, Format::kText, false);
  viewer.QueueRaw("HTTP/1.1 200 OK\r\n\r\n");
  rig.table.Attach(Rig::Key(), viewer);
  rig.Turns();
  EXPECT_EQ(viewer.transcript->raw, "HTTP/1.1 200 OK\r\n\r\n");
}

TEST(FeedTableJoin, LookUpAndCommitsMayComeInAnyOrder) {
  for (const bool store_is_asked_first : {true, false}) {
    for (const bool commit_comes_first : {true, false}) {
      Rig rig;
      const TestViewer& viewer = rig.Join();
      rig.Turns();
      if (store_is_asked_first) rig.pool.Work();
      rig.Append(3);
      if (!store_is_asked_first) rig.pool.Work();
      if (commit_comes_first) rig.Deliver();
      rig.pool.Done();
      rig.Settle();
      EXPECT_EQ(viewer.Payload(), rig.Lines(0, 3));
    }
  }
}

TEST(FeedTableJoin, OneLookUpServesAllViewersOfAFeed) {
  Rig rig;
  rig.Append(2);
  for (int i = 0; i < 10; ++i) rig.Join();
  rig.Settle();
  rig.Join();
  rig.Settle();
  EXPECT_EQ(rig.store.stats, 1u);
}

// A worker that nobody watches with is told nothing. What was told before may still be under way
// when somebody comes back, and is then older than all that was missed.
TEST(FeedTableJoin, ALateCommitOfALogThatWasDeletedUnwatchedIsNotBelieved) {
  Rig rig;
  rig.Append(2);
  TestViewer& first = rig.Join();
  rig.Settle();
  rig.Append(2);  // in the inbox
  rig.Drop(first);
  rig.Turns();
  EXPECT_EQ(rig.table.Stats().feeds, 0u);
  rig.Remove();
  const TestViewer& viewer = rig.Join();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "") << "waits for the next log";
  rig.Append(3);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 3));
  const TestViewer& later = rig.Join();
  rig.Settle();
  EXPECT_EQ(later.Payload(), rig.Lines(0, 3));
}

// The commit comes even later than the answer that there is no such log.
TEST(FeedTableJoin, ALateCommitDoesNotRaiseADeletedLog) {
  Rig rig;
  TestViewer& first = rig.Join();
  rig.Settle();
  rig.Append(2);  // in the inbox
  rig.Drop(first);
  rig.Turns();
  rig.Remove();
  const TestViewer& viewer = rig.Join();
  rig.Turns();
  rig.pool.RunAll();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "");
}

TEST(FeedTableJoin, ALateCommitOfALogThatEndedUnwatchedIsNotTheEnd) {
  Rig rig;
  rig.Append(2);
  TestViewer& first = rig.Join();
  rig.Settle();
  rig.Append(2);  // in the inbox
  rig.Drop(first);
  rig.Turns();
  rig.Append(2);
  rig.End();
  const TestViewer& viewer = rig.Join();
  rig.store.unreadable = true;
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "unavailable\n") << "nobody knows whether it is complete";
  rig.store.unreadable = false;
  const TestViewer& again = rig.Join();
  rig.Settle();
  EXPECT_EQ(again.Payload(), rig.Lines(0, 6) + EndLine(rig.Info()));
}

// ------------------------------------------------------------------------------------------------
// The end

TEST(FeedTableEnd, IsToldOnceToAll) {
  Rig rig;
  rig.Append(2);
  const TestViewer& early = rig.Join();
  rig.Settle();
  const LogInfo info = rig.AppendTexts({"2"}, true);
  rig.Settle();
  const TestViewer& late = rig.Join();
  const TestViewer& at_the_end = rig.Join({.incarnation = info.incarnation, .position = 3});
  rig.Settle();
  EXPECT_EQ(early.Payload(), rig.Lines(0, 3) + EndLine(info));
  EXPECT_EQ(late.Payload(), rig.Lines(0, 3) + EndLine(info));
  EXPECT_EQ(at_the_end.Payload(), EndLine(info));
  for (const auto& viewer : rig.viewers) {
    EXPECT_EQ(viewer->transcript->finished, 1);
    EXPECT_TRUE(viewer->transcript->chunks.Complete());
  }
  EXPECT_EQ(rig.table.Stats().viewers, 0u);
  EXPECT_EQ(rig.table.Stats().feeds, 0u);
  EXPECT_TRUE(rig.store.followed.empty());
}

TEST(FeedTableEnd, JoinWhileItEnds) {
  for (const bool look_up_before : {true, false}) {
    for (const bool commit_first : {true, false}) {
      Rig rig;
      rig.Append(2);
      const TestViewer& viewer = rig.Join();
      rig.Turns();
      if (look_up_before) rig.pool.Work();
      rig.AppendTexts({"2"}, true);
      if (!look_up_before) rig.pool.Work();
      if (commit_first) rig.Deliver();
      rig.pool.Done();
      rig.Turns();
      rig.Settle();
      EXPECT_EQ(viewer.Payload(), rig.Lines(0, 3) + EndLine(rig.Info()));
      EXPECT_EQ(viewer.transcript->finished, 1);
    }
  }
}

TEST(FeedTableEnd, OfAnEmptyLog) {
  Rig rig;
  rig.Create();
  const TestViewer& viewer = rig.Join();
  rig.Settle();
  rig.End();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), EndLine(rig.Info()));
}

// ------------------------------------------------------------------------------------------------
// Gaps and resets

TEST(FeedTableGap, RetentionBeforeTheStart) {
  Rig rig;
  rig.Append(3);
  rig.CutAll();
  const LogInfo info = rig.Append(2);
  const TestViewer& start = rig.Join();
  const TestViewer& cut = rig.Join({.position = 2});
  const TestViewer& behind = rig.Join({.position = 3});
  rig.Settle();
  const std::string gap = "gap " + info.incarnation;
  EXPECT_EQ(start.Payload(), gap + " 0 3 retention\n" + rig.Lines(3, 5));
  EXPECT_EQ(cut.Payload(), gap + " 2 3 retention\n" + rig.Lines(3, 5));
  EXPECT_EQ(behind.Payload(), rig.Lines(3, 5));
  EXPECT_EQ(rig.table.Stats().gaps, 2u);
}

TEST(FeedTableGap, AllOfAnEndedLog) {
  Rig rig;
  rig.Append(3);
  rig.CutAll();
  rig.End();
  const TestViewer& viewer = rig.Join();
  rig.Settle();
  const LogInfo info = rig.Info();
  EXPECT_EQ(viewer.Payload(), "gap " + info.incarnation + " 0 3 retention\n" + EndLine(info));
}

TEST(FeedTableReset, ACursorBehindTheEndOfTheLog) {
  Rig rig;
  const LogInfo info = rig.Append(3);
  const TestViewer& viewer = rig.Join({.position = 4});
  const TestViewer& named = rig.Join({.incarnation = info.incarnation, .position = 9});
  rig.Settle();
  const std::string expected = "reset " + info.incarnation + " ahead\n" + rig.Lines(0, 3);
  EXPECT_EQ(viewer.Payload(), expected);
  EXPECT_EQ(named.Payload(), expected);
  EXPECT_EQ(rig.table.Stats().resets, 2u);
}

TEST(FeedTableReset, ACursorOfAnotherIncarnation) {
  Rig rig;
  const LogInfo old = rig.Append(5);
  rig.Remove();
  const LogInfo info = rig.Append(3);
  ASSERT_NE(old.incarnation, info.incarnation);
  const TestViewer& viewer = rig.Join({.incarnation = old.incarnation, .position = 2});
  rig.Settle();
  const std::string expected = "reset " + info.incarnation + " recreated\n" + rig.Lines(0, 3);
  EXPECT_EQ(viewer.Payload(), expected);
}

TEST(FeedTableReset, ThenTheGapOfWhatIsGone) {
  Rig rig;
  rig.Append(3);
  rig.CutAll();
  const LogInfo info = rig.Append(1);
  const TestViewer& viewer = rig.Join({.incarnation = "other", .position = 2});
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "reset " + info.incarnation + " recreated\ngap " + info.incarnation +
                                  " 0 3 retention\n" + rig.Lines(3, 4));
}

// The client was connected to another worker, which had heard of commits that are still on their
// way to this one.
TEST(FeedTableReset, NotBecauseThisWorkerLagsBehind) {
  Rig rig;
  rig.Append(2);
  rig.Join();
  rig.Settle();
  rig.Append(3);  // in the inbox
  const TestViewer& viewer = rig.Join({.position = 4});
  rig.Turns();
  rig.pool.RunAll();
  rig.Turns();
  rig.pool.RunAll();
  rig.Turns();
  EXPECT_EQ(viewer.Payload(), rig.Lines(4, 5)) << "without the commit";
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(4, 5));
  EXPECT_EQ(rig.table.Stats().resets, 0u);
}

TEST(FeedTableReset, NotBecauseThisWorkerStillKnowsTheOldLog) {
  Rig rig;
  rig.Append(2);
  const TestViewer& old = rig.Join();
  rig.Settle();
  rig.Remove();
  const LogInfo info = rig.Append(3);
  const TestViewer& viewer = rig.Join({.incarnation = info.incarnation, .position = 1});
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(1, 3));
  EXPECT_TRUE(old.Payload().ends_with("deleted\n"));
  EXPECT_EQ(rig.table.Stats().resets, 0u);
}

// The look-up that it asked for comes too late to see the log that it had seen.
TEST(FeedTableReset, NotByWhatIsKnownOfALogThatIsGone) {
  Rig rig;
  rig.Append(2);
  rig.Join();
  rig.Settle();
  rig.Append(3);  // in the inbox
  const TestViewer& viewer = rig.Join({.position = 4});
  rig.Turns();
  rig.Remove();
  rig.pool.RunAll();
  rig.Turns();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "");
  EXPECT_EQ(rig.table.Stats().resets, 0u);
}

// The viewer is blocked with its response head when the store cannot answer, so that nobody tells
// it so; a look-up that failed must not count as proof.
TEST(FeedTableReset, NotBecauseALookUpFailed) {
  Rig rig;
  rig.Append(2);
  rig.Join();
  rig.Settle();
  rig.Append(3);  // in the inbox
  TestViewer& viewer = rig.NewViewer({.position = 4}, Format::kText, false);
  viewer.QueueRaw("head\n");
  viewer.room = 2;
  rig.table.Attach(Rig::Key(), viewer);
  rig.Turns();
  rig.store.unreadable = true;
  rig.pool.RunAll();
  rig.store.unreadable = false;
  rig.Open(viewer);
  rig.Turns();
  rig.pool.RunAll();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "head\n" + rig.Lines(4, 5));
  EXPECT_EQ(rig.table.Stats().resets, 0u);
}

TEST(FeedTableReset, AStormOfWrongCursorsAsksTheStoreOnce) {
  Rig rig;
  rig.Append(2);
  rig.Join();
  rig.Settle();
  const uint64_t before = rig.store.stats;
  for (int i = 0; i < 100; ++i) rig.Join({.position = 50});
  rig.Settle();
  EXPECT_EQ(rig.table.Stats().resets, 100u);
  EXPECT_EQ(rig.store.stats - before, 1u);
}

// ------------------------------------------------------------------------------------------------
// The store cannot be read

TEST(FeedTableUnavailable, AtLookUp) {
  Rig rig;
  rig.Append(2);
  rig.store.unreadable = true;
  const TestViewer& viewer = rig.Join();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "unavailable\n");
  EXPECT_EQ(viewer.transcript->finished, 1);
  EXPECT_EQ(rig.table.Stats().feeds, 0u);
}

TEST(FeedTableUnavailable, TheNextViewerAsksAgain) {
  Rig rig;
  rig.Append(2);
  rig.store.unreadable = true;
  TestViewer& blocked = rig.NewViewer({}, Format::kText, false);
  blocked.QueueRaw("head\n");
  blocked.room = 1;
  rig.table.Attach(Rig::Key(), blocked);
  rig.Settle();
  EXPECT_EQ(blocked.Payload(), "h");
  rig.store.unreadable = false;
  const TestViewer& next = rig.Join();
  rig.Settle();
  EXPECT_EQ(next.Payload(), rig.Lines(0, 2));
  rig.Open(blocked);
  rig.Settle();
  EXPECT_EQ(blocked.Payload(), "head\n" + rig.Lines(0, 2));
}

// ------------------------------------------------------------------------------------------------
// Deletion

TEST(FeedTableDelete, FollowersAreTold) {
  Rig rig;
  rig.Append(2);
  const TestViewer& viewer = rig.Join();
  rig.Settle();
  const std::string lines = rig.Lines(0, 2);
  rig.Remove();
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), lines + "deleted\n");
  EXPECT_EQ(viewer.transcript->finished, 1);
  EXPECT_EQ(rig.table.Stats().window_bytes, 0u);
}

TEST(FeedTableDelete, AndCreatedAgainBeforeTheWorkerHears) {
  Rig rig;
  rig.Append(2);
  const TestViewer& old = rig.Join();
  rig.Settle();
  const std::string lines = rig.Lines(0, 2);
  rig.Remove();
  rig.Append(4);
  const TestViewer& fresh = rig.Join();
  rig.Settle();
  EXPECT_EQ(old.Payload(), lines + "deleted\n");
  // It began with what this worker knew, the old log, and its client comes back for the new one.
  EXPECT_TRUE(fresh.Payload() == lines + "deleted\n" || fresh.Payload() == rig.Lines(0, 4))
      << fresh.Payload();
  const TestViewer& later = rig.Join();
  rig.Settle();
  EXPECT_EQ(later.Payload(), rig.Lines(0, 4));
}

TEST(FeedTableDelete, WhoWaitsForALogIsNotTold) {
  Rig rig;
  rig.Append(2);
  rig.Join();
  rig.Settle();
  rig.Remove();
  rig.Settle();
  const TestViewer& viewer = rig.Join({.position = 0});
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), "");
  rig.Append(1);
  rig.Settle();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 1));
}

TEST(FeedTableDelete, TheWindowOfADeletedLogIsNotCounted) {
  Rig rig;
  TestViewer& blocked = rig.Join();
  rig.Settle();
  blocked.room = 3;
  rig.Append(10);
  rig.Settle();
  EXPECT_GT(rig.table.Stats().window_bytes, 0u);
  rig.Remove();
  rig.Settle();
  EXPECT_EQ(rig.table.Stats().feeds, 1u);
  EXPECT_EQ(rig.table.Stats().window_bytes, 0u);
}

}  // namespace
}  // namespace tailrace
