#include "io/loop.h"

#include <gtest/gtest.h>

#include <thread>

namespace tailrace {
namespace {

TEST(Loop, TasksOfOneThreadRunInOrderOnTheLoop) {
  Loop loop;
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) loop.Post([&seen, i] { seen.push_back(i); });
    loop.Stop();
  });
  loop.Run();
  poster.join();
  ASSERT_EQ(seen.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
}

TEST(Loop, TheTurnEndsAfterTheTasksAndComesBackWhileThereIsMore) {
  Loop loop;
  int posted = 0, ends = 0;
  loop.SetTurnEnd([&] {
    if (posted == 0) return false;
    if (++ends == 3) loop.Stop();
    return ends < 3;
  });
  loop.Post([&] { ++posted; });
  loop.Run();
  EXPECT_EQ(ends, 3);
}

TEST(Loop, PoolTasksComeBackToTheLoop) {
  Loop loop;
  const auto loop_thread = std::this_thread::get_id();
  std::thread::id worked, done;
  loop.RunInPool([&] { worked = std::this_thread::get_id(); },
                 [&] {
                   done = std::this_thread::get_id();
                   loop.Stop();
                 });
  EXPECT_EQ(loop.PoolTasks(), 1u);
  loop.Run();
  EXPECT_NE(worked, loop_thread);
  EXPECT_EQ(done, loop_thread);
  EXPECT_EQ(loop.PoolTasks(), 0u);
}

TEST(Loop, ALaterWakeUpReplacesTheEarlierOne) {
  Loop loop;
  bool first = false;
  loop.SetWakeUp(loop.NowMs() + 1, [&] { first = true; });
  loop.SetWakeUp(loop.NowMs() + 2, [&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(first);
}

TEST(Loop, AfterRunsOnce) {
  Loop loop;
  int times = 0;
  loop.After(1, [&] { ++times; });
  loop.After(5, [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(times, 1);
}

TEST(Loop, SlowStepsAreRationedByTheTurn) {
  Loop loop;
  std::vector<int> taken;  // in each turn
  loop.SetTurnEnd([&] {
    int count = 0;
    while (loop.TakeSlowStep()) ++count;
    EXPECT_FALSE(loop.TakeSlowStep());
    taken.push_back(count);
    if (taken.size() == 3) loop.Stop();
    return true;
  });
  loop.Run();
  EXPECT_GT(taken[0], 0);
  EXPECT_EQ(taken[1], taken[0]);
  EXPECT_EQ(taken[2], taken[0]);
}

TEST(Loop, DestroysWhatNeverRan) {
  auto token = std::make_shared<int>(1);
  {
    Loop loop;
    loop.After(1'000'000, [token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  {
    Loop loop;
    loop.Post([token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace tailrace
