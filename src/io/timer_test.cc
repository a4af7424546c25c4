#include "io/timer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tailrace {
namespace {

TEST(TimerTest, RunsOnceAndNotDuringStart) {
  Loop loop;
  Timer timer(loop);
  std::string seen;
  timer.Start(0, [&] {
    seen += "a";
    EXPECT_FALSE(timer.Running());
    loop.Stop();
  });
  EXPECT_TRUE(timer.Running());
  EXPECT_EQ(seen, "");
  loop.Run();
  EXPECT_EQ(seen, "a");
}

TEST(TimerTest, ALaterStartReplacesAnEarlierOne) {
  Loop loop;
  Timer timer(loop);
  std::string seen;
  timer.Start(0, [&] { seen += "a"; });
  timer.Start(1, [&] {
    seen += "b";
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(seen, "b");
}

TEST(TimerTest, StoppedAndDestroyedOnesDoNotRun) {
  Loop loop;
  Timer stopped(loop);
  auto destroyed = std::make_unique<Timer>(loop);
  Timer last(loop);
  std::string seen;
  stopped.Start(0, [&] { seen += "stopped"; });
  destroyed->Start(0, [&] { seen += "destroyed"; });
  stopped.Stop();
  destroyed.reset();
  last.Start(2, [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(seen, "");
}

TEST(TimerTest, MayStartAgainOrDestroyItselfInItsTask) {
  Loop loop;
  auto timer = std::make_unique<Timer>(loop);
  int runs = 0;
  Loop::Task again = [&] {
    ++runs;
    timer->Start(0, [&] {
      ++runs;
      timer.reset();
      loop.Stop();
    });
  };
  timer->Start(0, std::move(again));
  loop.Run();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(timer, nullptr);
}

}  // namespace
}  // namespace tailrace
