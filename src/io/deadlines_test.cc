#include "io/deadlines.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(Deadlines, ComeInOrderAndOnlyWhenDue) {
  Deadlines<int> deadlines;
  deadlines.Add(30, 3);
  deadlines.Add(10, 1);
  deadlines.Add(20, 2);
  EXPECT_EQ(deadlines.NextMs(), 10u);
  std::vector<int> due;
  deadlines.Run(20, [&due](int id, uint64_t) { due.push_back(id); });
  EXPECT_EQ(due, (std::vector<int>{1, 2}));
  EXPECT_EQ(deadlines.Size(), 1u);
}

TEST(Deadlines, TheDueOneMayAddItselfAgain) {
  Deadlines<int> deadlines;
  deadlines.Add(10, 1);
  int times = 0;
  deadlines.Run(35, [&](int id, uint64_t deadline_ms) {
    ++times;
    deadlines.Add(deadline_ms + 10, id);
  });
  EXPECT_EQ(times, 3);
  EXPECT_EQ(deadlines.NextMs(), 40u);
}

}  // namespace
}  // namespace tailrace
