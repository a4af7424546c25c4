#include "feed/viewer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

std::vector<std::unique_ptr<TestViewer>> MakeViewers(size_t count) {
  std::vector<std::unique_ptr<TestViewer>> viewers;
  for (size_t i = 0; i < count; ++i) {
    viewers.push_back(std::make_unique<TestViewer>(Format::kText, true, StreamStart{}));
  }
  return viewers;
}

TEST(ViewerList, TheLastTakesTheSlotOfWhoeverLeaves) {
  const auto viewers = MakeViewers(4);
  ViewerList list;
  EXPECT_TRUE(list.Empty());
  for (const auto& viewer : viewers) list.Add(*viewer);
  list.Remove(*viewers[1]);
  ASSERT_EQ(list.Size(), 3u);
  EXPECT_EQ(&list[0], viewers[0].get());
  EXPECT_EQ(&list[1], viewers[3].get());
  EXPECT_EQ(&list[2], viewers[2].get());
  list.Remove(*viewers[3]);
  EXPECT_EQ(&list[1], viewers[2].get());
  list.Remove(*viewers[2]);
  list.Remove(*viewers[0]);
  EXPECT_TRUE(list.Empty());
}

TEST(ViewerList, AnyOrderOfLeavingKeepsTheOthers) {
  SeededRandom random(7);
  const auto viewers = MakeViewers(20);
  std::vector<TestViewer*> left;
  ViewerList list;
  for (const auto& viewer : viewers) {
    list.Add(*viewer);
    left.push_back(viewer.get());
  }
  while (!left.empty()) {
    const auto leaves = left.begin() + static_cast<ptrdiff_t>(random.Between(0, left.size() - 1));
    list.Remove(**leaves);
    left.erase(leaves);
    ASSERT_EQ(list.Size(), left.size());
    for (size_t slot = 0; slot < list.Size(); ++slot) {
      EXPECT_EQ(std::ranges::count(left, &list[slot]), 1);
    }
  }
}

TEST(ViewerListDeathTest, AViewerIsInOneListAtATime) {
  const auto viewers = MakeViewers(1);
  ViewerList list;
  ViewerList other;
  list.Add(*viewers[0]);
  EXPECT_DEATH(list.Add(*viewers[0]), "list_");
  EXPECT_DEATH(other.Add(*viewers[0]), "list_");
  EXPECT_DEATH(other.Remove(*viewers[0]), "list_");
}

TEST(Viewer, IsNotIdleBeforeItIsAttached) {
  EXPECT_FALSE(MakeViewers(1)[0]->Idle());
}

}  // namespace
}  // namespace tailrace
