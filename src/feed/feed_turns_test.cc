// How turns are shared between viewers and logs, and what is left when viewers have gone.
#include <gtest/gtest.h>

#include <algorithm>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

TEST(FeedTableTurns, EachPassServesEveryone) {
  Rig rig({.turn_sends = 10});
  rig.Append(1);
  for (int i = 0; i < 1000; ++i) rig.Join();
  rig.Settle();
  rig.Append(1);
  rig.Deliver();
  EXPECT_GE(rig.Turns(), 1000u / 15) << "a turn is short";
  for (const auto& viewer : rig.viewers) ASSERT_EQ(viewer->Payload(), rig.Lines(0, 2));
}

TEST(FeedTableTurns, AFirehoseDoesNotStarveAnotherLog) {
  Rig rig({.turn_sends = 100});
  rig.Append(1);
  rig.Append(1, Rig::Other());
  for (int i = 0; i < 1000; ++i) rig.Join();
  const TestViewer& other = rig.Join({}, Rig::Other());
  rig.Settle();
  rig.Append(1, Rig::Other());
  for (int turn = 0; turn < 20; ++turn) {
    rig.Append(1);
    rig.Deliver();
    rig.table.RunTurn();
  }
  EXPECT_EQ(other.Payload(), rig.Lines(0, 2, Rig::Other()));
}

TEST(FeedTableTurns, FollowersGetTheirPassWhileOthersAreReadyAllTheTime) {
  for (const size_t turn_sends : {0, 1, 2, 3, 10}) {
    Rig rig({.turn_sends = turn_sends});
    rig.Append(1);
    const TestViewer& follower = rig.Join();
    rig.Settle();
    std::vector<TestViewer*> busy;
    for (int i = 0; i < 20; ++i) busy.push_back(&rig.Join());
    rig.Settle();
    rig.Append(1);
    rig.Deliver();
    for (int turn = 0; turn < 200; ++turn) {
      for (TestViewer* viewer : busy) rig.table.NotifyIfIdle(*viewer, "note\n");
      rig.table.RunTurn();
    }
    EXPECT_EQ(follower.Payload(), rig.Lines(0, 2)) << turn_sends;
  }
}

TEST(FeedTableTurns, ATurnSendsABoundedNumberOfBytes) {
  constexpr size_t kTurnBytes = 64 << 10;
  constexpr size_t kEntryBytes = 8 << 10;
  Rig rig({.turn_bytes = kTurnBytes});
  rig.Append(1);
  for (int i = 0; i < 100; ++i) rig.Join();
  rig.Settle();
  rig.AppendTexts({std::string(kEntryBytes, 'x')});
  rig.Deliver();
  const auto sent = [&] { return rig.table.Stats().bytes_sent[0]; };
  uint64_t before = sent();
  for (bool more = true; more; before = sent()) {
    more = rig.table.RunTurn();
    // A half of it for each kind of viewers, and each may go beyond by one.
    EXPECT_LE(sent() - before, kTurnBytes + 3 * kEntryBytes);
  }
  for (const auto& viewer : rig.viewers) EXPECT_EQ(viewer->position(), 2u);
}

TEST(FeedTableTurns, NobodyGetsALeadOfMoreThanAWrite) {
  constexpr size_t kWriteBytes = 128 << 10;
  constexpr size_t kEntryBytes = 10 << 10;
  Rig rig;
  rig.Append(1);
  for (int i = 0; i < 40; ++i) rig.Join();
  rig.Settle();
  for (int i = 0; i < 100; ++i) rig.AppendTexts({std::string(kEntryBytes, 'x')});
  rig.Deliver();
  for (bool more = true; more;) {
    more = rig.table.RunTurn();
    const auto position = [](const auto& viewer) { return viewer->position(); };
    const auto [last, first] = std::ranges::minmax_element(rig.viewers, {}, position);
    EXPECT_LE(((*first)->position() - (*last)->position()) * kEntryBytes, 2 * kWriteBytes);
  }
  for (const auto& viewer : rig.viewers) EXPECT_EQ(viewer->position(), 101u);
}

TEST(FeedTableTurns, BigEntriesOfOneLogDoNotHoldUpAnother) {
  Rig rig({.turn_bytes = 64 << 10});
  rig.Append(1);
  rig.Append(1, Rig::Other());
  for (int i = 0; i < 500; ++i) rig.Join();
  const TestViewer& other = rig.Join({}, Rig::Other());
  rig.Settle();
  rig.AppendTexts({std::string(60 << 10, 'x')});
  rig.Append(1, Rig::Other());
  rig.Deliver();
  for (int turn = 0; turn < 3; ++turn) EXPECT_TRUE(rig.table.RunTurn());
  EXPECT_EQ(other.Payload(), rig.Lines(0, 2, Rig::Other()));
}

TEST(FeedTableTurns, ComingAndGoingLeavesNothing) {
  Rig rig;
  rig.Append(2);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 5; ++i) rig.Join({.position = static_cast<Position>(i)});
    if (round % 2 == 0) rig.Turns();
    if (round % 3 == 0) rig.pool.RunAll();
    while (!rig.viewers.empty()) rig.Drop(*rig.viewers[rig.viewers.size() / 2]);
    if (round % 5 == 0) rig.Turns();
  }
  rig.Settle();
  const FeedStats stats = rig.table.Stats();
  EXPECT_EQ(stats.feeds, 0u);
  EXPECT_EQ(stats.viewers, 0u);
  EXPECT_EQ(stats.window_bytes, 0u);
  EXPECT_TRUE(rig.store.followed.empty());
}

TEST(FeedTableTurns, AFeedIsForgottenOnlyWhenNobodyCameBack) {
  Rig rig;
  rig.Append(2);
  TestViewer& viewer = rig.Join();
  rig.Settle();
  rig.Drop(viewer);
  const TestViewer& next = rig.Join();
  rig.Settle();
  EXPECT_EQ(rig.store.stats, 1u);
  EXPECT_EQ(next.Payload(), rig.Lines(0, 2));
}

}  // namespace
}  // namespace tailrace
