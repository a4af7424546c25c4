#include "source/kubernetes/container_follower.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "source/kubernetes/follow_harness.h"

namespace tailrace {
namespace {

using testing::Followed;
using testing::FollowHarness;
using testing::Lines;
using testing::Printed;
using testing::ReadLog;
using testing::World;

constexpr TimeNs kSecond = testing::kFollowSecond;

void ExpectAll(FollowHarness& harness, const std::string& what) {
  const Followed followed = ReadLog(harness.log);
  for (const World::KubeletLife& life : harness.world.lives) {
    const auto found = followed.lines.find(life.instance.id);
    EXPECT_EQ(found == followed.lines.end() ? std::vector<std::string>() : found->second,
              Printed(life))
        << what << ", " << life.instance.id;
  }
  EXPECT_TRUE(followed.gaps.empty()) << what;
}

TEST(ContainerFollower, ReadsFromTheFirstSecondToTheExit) {
  FollowHarness harness(1);
  harness.ShowState();
  EXPECT_TRUE(harness.follower->Quiet());
  harness.world.Start();
  harness.world.Print(10);
  harness.ShowState();
  harness.world.Deliver(true);
  EXPECT_EQ(ReadLog(harness.log).lines["run://0"].size(), 10u);
  harness.world.Print(10);
  harness.world.Exit();
  harness.Settle();
  ExpectAll(harness, "exit");
  EXPECT_EQ(ReadLog(harness.log).exits.size(), 1u);
  EXPECT_TRUE(harness.follower->Quiet());
  EXPECT_EQ(harness.stats.open_streams, 0u);
}

TEST(ContainerFollower, AnEndIsNotTheEnd) {
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(3);
  harness.ShowState();
  harness.world.Deliver(true);
  harness.world.EndIdle();
  harness.world.Print(3);
  harness.Settle();
  harness.world.CutAll();
  harness.world.Print(3);
  harness.Settle();
  ExpectAll(harness, "cuts");
  EXPECT_FALSE(harness.follower->Quiet());
}

TEST(ContainerFollower, ALifeThatWasMissedIsReadAfterwards) {
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(3);
  harness.world.Exit();
  harness.world.Start();
  harness.world.Print(3);
  harness.Settle();
  ExpectAll(harness, "previous");
  for (int n = 0; n < 3; ++n) {
    harness.world.Exit();
    harness.world.Sleep(2 * kSecond);
    harness.world.Start();
    harness.world.Print(2);
  }
  harness.Settle();
  const Followed followed = ReadLog(harness.log);
  EXPECT_FALSE(followed.gaps.empty());
  EXPECT_EQ(followed.lines.at("run://4").size(), 2u);
  EXPECT_EQ(followed.lines.at("run://3").size(), 2u);
}

TEST(ContainerFollower, RotationWhileNobodyReadIsAGap) {
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(3);
  harness.ShowState();
  harness.world.Deliver(true);
  harness.world.api_away = true;
  harness.world.CutAll();
  harness.world.Sleep(3 * kSecond);
  harness.world.Print(3);
  harness.world.Rotate();
  harness.world.Sleep(3 * kSecond);
  harness.world.Print(3);
  harness.Settle();
  const Followed followed = ReadLog(harness.log);
  EXPECT_EQ(followed.gaps, std::set<std::string>{"run://0"});
  EXPECT_EQ(followed.lines.at("run://0").size(), 6u);
  EXPECT_EQ(harness.stats.gaps, 1u);
}

TEST(ContainerFollower, AFullSinkEndsTheStreamAndLosesNothing) {
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(30);
  harness.ShowState();
  harness.log.full = true;
  harness.world.Deliver(false);
  EXPECT_TRUE(harness.world.streams.empty());
  harness.world.Print(30);
  harness.world.Sleep(kSecond);
  EXPECT_TRUE(harness.world.streams.empty());
  harness.Settle();
  ExpectAll(harness, "full");
  EXPECT_EQ(harness.stats.pauses, 1u);
}

TEST(ContainerFollower, ADeletedPodKeepsWhatWasRead) {
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(3);
  harness.ShowState();
  harness.world.Deliver(true);
  harness.world.Print(3);
  harness.world.Life().lines.push_back({harness.world.now, "stopping"});
  harness.world.Exit();
  harness.world.pod_gone = true;
  harness.follower->OnPodGone();
  harness.Settle();
  ExpectAll(harness, "deleted");
  EXPECT_TRUE(harness.follower->Quiet());
}

TEST(ContainerFollower, APodThatIsGoneBeforeItsEndWasReadIsAGap) {
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(3);
  harness.ShowState();
  harness.world.Deliver(true);
  harness.world.CutAll();
  harness.world.pod_gone = true;
  harness.follower->OnPodGone();
  harness.Settle();
  EXPECT_EQ(ReadLog(harness.log).gaps.size(), 1u);
  EXPECT_TRUE(harness.follower->Quiet());
}

// The status that shows the second life comes late: its lines were taken for the first one's.
TEST(ContainerFollower, ALifeTakenForAnotherIsPutRight) {
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(3);
  const ContainerState first = harness.world.State();
  harness.world.Exit();
  harness.world.Sleep(kSecond / 10);
  harness.world.Start();
  harness.world.Print(4);
  harness.follower->OnState(first);
  harness.world.Deliver(true);
  harness.world.Print(4);
  harness.Settle();
  harness.world.Exit();
  harness.Settle();
  std::multiset<std::string> all;
  for (const auto& [life, lines] : ReadLog(harness.log).lines)
    all.insert(lines.begin(), lines.end());
  EXPECT_EQ(all.size(), 11u);
  for (int n = 1; n <= 11; ++n) EXPECT_EQ(all.count("line " + std::to_string(n)), 1u) << n;
}

// What one costs that has read some lines and waits for more, besides the request itself.
TEST(ContainerFollower, MemoryOfOneThatWaits) {
  constexpr size_t kFollowers = 1'000;
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(100);
  std::vector<std::unique_ptr<ContainerFollower>> followers;
  followers.reserve(kFollowers);
  const size_t before = mallinfo2().uordblks;
  for (size_t n = 0; n < kFollowers; ++n) {
    followers.push_back(std::make_unique<ContainerFollower>(
        harness.world, harness.follower->target(), FollowOptions{}, harness.log, harness.stats,
        std::nullopt, nullptr));
    followers.back()->OnState(harness.world.State());
  }
  const size_t bytes = (mallinfo2().uordblks - before) / kFollowers;
  std::printf("a follower that waits: %zu bytes\n", bytes);
  EXPECT_LT(bytes, 4'096u);
}

struct Happening {
  bool rotation = false;
  bool quick_lives = false;
};

// One thing happens, at random.
void Happen(FollowHarness& harness, Happening may) {
  World& world = harness.world;
  auto& random = world.random;
  switch (random() % 16) {
    case 0:
      if (world.Life().running && may.quick_lives) world.Exit();
      break;
    case 1:
      if (world.Life().running || !(world.Life().instance == harness.shown.current)) break;
      // A kubelet sees an exit within a second, and rests before the next start.
      world.Sleep(static_cast<TimeNs>(1 + random() % 5) * kSecond);
      harness.ShowState();
      world.Start();
      break;
    case 2:
      if (may.rotation && world.Life().running) harness.Rotate();
      break;
    case 3:
      world.CutAll();
      break;
    case 4:
      world.EndIdle();
      break;
    case 5:
      world.api_away = random() % 2 == 0;
      break;
    case 6:
      harness.log.full = random() % 2 == 0;
      break;
    case 7:
      if (random() % 4 == 0) {
        const size_t size = harness.log.entries.size();
        harness.Restart(size - std::min<size_t>(size, random() % 20));
      }
      break;
    case 8:
    case 9:
      harness.ShowState();
      break;
    case 10:
    case 11:
      harness.ShowState();  // Its status is late by so much at most.
      world.Sleep(static_cast<TimeNs>(random() % 1'000) * 1'000'000);
      break;
    case 12:
      if (world.Life().running) world.Print(random() % 20);
      break;
    default:
      world.Deliver(random() % 2 == 0);
  }
}

// Once each, and those of a life in order (though perhaps among those of the next one, if that was
// not known yet); what is missing is said.
void ExpectAllOrAGap(const FollowHarness& harness, const std::string& what) {
  std::map<std::string, size_t> places;
  for (const std::string& line : Lines(harness.log)) {
    EXPECT_TRUE(places.emplace(line, places.size()).second) << what << ": " << line;
  }
  for (const World::KubeletLife& life : harness.world.lives) {
    size_t last = 0;
    for (const std::string& line : Printed(life)) {
      const auto found = places.find(line);
      if (found == places.end()) continue;
      EXPECT_GE(found->second, last) << what << ": " << line;
      last = found->second;
    }
  }
  const bool missing = places.size() < harness.world.printed;
  EXPECT_TRUE(!missing || !ReadLog(harness.log).gaps.empty()) << what << ": lost without a word";
}

void RunSeed(unsigned seed, Happening may) {
  FollowHarness harness(seed);
  World& world = harness.world;
  world.equal_stamps = !may.rotation;  // Those on both sides of a rotation can't be told apart.
  world.Start();
  for (int step = 0; step < 300; ++step) {
    Happen(harness, may);
    if (world.random() % 20 == 0) harness.Settle();
  }
  if (world.Life().running) world.Exit();
  harness.Settle();
  const std::string what = "seed " + std::to_string(seed);
  if (may.rotation || may.quick_lives) {
    ExpectAllOrAGap(harness, what);
  } else {
    ExpectAll(harness, what);
  }
  EXPECT_TRUE(harness.follower->Quiet()) << what;
}

TEST(ContainerFollower, WhateverHappensEachLineOnce) {
  for (unsigned seed = 1; seed <= 300; ++seed) RunSeed(seed, {});
}

TEST(ContainerFollower, WhateverHappensEachLineOnceOrAGapIsSaid) {
  for (unsigned seed = 1; seed <= 300; ++seed) RunSeed(seed, {.rotation = true});
  for (unsigned seed = 1; seed <= 300; ++seed) RunSeed(seed, {.quick_lives = true});
  for (unsigned seed = 1; seed <= 300; ++seed) {
    RunSeed(seed, {.rotation = true, .quick_lives = true});
  }
}

TEST(ContainerFollower, OfARolloutThatIsOverWhatThereIsIsReadOnce) {
  FollowHarness harness(1);
  harness.world.Start();
  harness.world.Print(10);
  const TimeNs until = harness.world.now++;
  harness.world.Print(10);
  harness.target.until = until;
  harness.MakeFollower();
  harness.Settle();
  EXPECT_EQ(Lines(harness.log).size(), 10u);
  EXPECT_TRUE(harness.follower->Quiet());  // though it runs
  harness.world.Exit();
  harness.world.Sleep(2 * kSecond);
  harness.world.Start();
  harness.world.Print(10);
  harness.Settle();
  EXPECT_EQ(Lines(harness.log).size(), 10u);
  EXPECT_TRUE(ReadLog(harness.log).exits.empty());
  EXPECT_TRUE(ReadLog(harness.log).gaps.empty());
  EXPECT_EQ(harness.stats.open_streams, 0u);
}

TEST(ContainerFollower, OfARolloutThatIsOverEachLifeThatIsLeftIsRead) {
  FollowHarness harness(1);
  harness.target.until = std::numeric_limits<TimeNs>::max();
  harness.MakeFollower();
  for (int n = 0; n < 2; ++n) {
    harness.world.Start();
    harness.world.Print(3);
    if (n == 0) {
      harness.world.Exit();
      harness.world.Sleep(2 * kSecond);
    }
  }
  harness.Settle();
  ExpectAll(harness, "lives");
  EXPECT_EQ(ReadLog(harness.log).exits.size(), 1u);
  EXPECT_TRUE(harness.follower->Quiet());
}

}  // namespace
}  // namespace tailrace
