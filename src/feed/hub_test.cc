#include "feed/hub.h"

#include <gtest/gtest.h>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

class HubTest : public testing::Test {
 protected:
  Hub::Sink Sink(size_t worker) {
    return [this, worker](HubDelivery delivery) { got_[worker].push_back(std::move(delivery)); };
  }

  static Commit MakeCommit(const LogKey& key, Position position) {
    LogInfo info = TestInfo(1, position);
    info.key = key;
    return {.info = std::make_shared<const LogInfo>(std::move(info))};
  }

  TestClock clock_;
  StoreOptions options_{.clock = &clock_};
  TestStore store_{options_};
  std::vector<HubDelivery> got_[3];
  Hub hub_{store_, {Sink(0), Sink(1), Sink(2)}};
};

TEST_F(HubTest, WorkersGetWhatTheyFollow) {
  hub_.Follow(0, Rig::Key());
  hub_.Follow(2, Rig::Key());
  hub_.Follow(2, Rig::Other());
  hub_.Publish({MakeCommit(Rig::Key(), 1), MakeCommit(Rig::Other(), 2), MakeCommit(Rig::Key(), 3)});
  ASSERT_EQ(got_[0].size(), 1u);
  ASSERT_EQ(got_[0][0].followed.size(), 2u);
  EXPECT_EQ(got_[0][0].followed[0].info->position, 1u);
  EXPECT_EQ(got_[0][0].followed[1].info->position, 3u);
  EXPECT_TRUE(got_[1].empty()) << "costs nothing";
  ASSERT_EQ(got_[2].size(), 1u);
  EXPECT_EQ(got_[2][0].followed.size(), 3u);
}

TEST_F(HubTest, NothingComesAfterUnfollow) {
  hub_.Follow(0, Rig::Key());
  hub_.Follow(1, Rig::Key());
  hub_.Unfollow(0, Rig::Key());
  hub_.Publish({MakeCommit(Rig::Key(), 1)});
  EXPECT_TRUE(got_[0].empty());
  EXPECT_EQ(got_[1].size(), 1u);
  hub_.Unfollow(1, Rig::Key());
  hub_.Publish({MakeCommit(Rig::Key(), 2)});
  EXPECT_EQ(got_[1].size(), 1u);
}

TEST_F(HubTest, ADeliveryTellsWhetherItIsOlderThanItsFollower) {
  hub_.Follow(0, Rig::Key());
  hub_.Publish({MakeCommit(Rig::Key(), 1)});
  hub_.Unfollow(0, Rig::Key());
  hub_.Publish({MakeCommit(Rig::Key(), 2)});
  const uint64_t since = hub_.Follow(0, Rig::Key());
  hub_.Publish({MakeCommit(Rig::Key(), 3)});
  ASSERT_EQ(got_[0].size(), 2u);
  EXPECT_LE(got_[0][0].batch, since);
  EXPECT_GT(got_[0][1].batch, since);
}

TEST_F(HubTest, TheStoreHearsOfEachWorker) {
  hub_.Follow(0, Rig::Key());
  hub_.Follow(1, Rig::Key());
  EXPECT_EQ(store_.followed[Rig::Key()], 2);
  hub_.Unfollow(0, Rig::Key());
  hub_.Unfollow(1, Rig::Key());
  EXPECT_TRUE(store_.followed.empty());
}

TEST_F(HubTest, TheListIsToldOfCreatedEndedAndRemovedLogs) {
  hub_.WatchList(1, true);
  Commit created = MakeCommit(Rig::Key(), 1);
  created.created = true;
  Commit ended = MakeCommit(Rig::Key(), 2);
  ended.ended = true;
  Commit removed = MakeCommit(Rig::Key(), 3);
  removed.kind = Commit::Kind::kRemoved;
  hub_.Publish({created, MakeCommit(Rig::Key(), 9), ended, removed});
  ASSERT_EQ(got_[1].size(), 1u);
  EXPECT_TRUE(got_[1][0].followed.empty());
  ASSERT_EQ(got_[1][0].listed.size(), 3u);
  EXPECT_EQ(got_[1][0].listed[2].info->position, 3u);
  EXPECT_TRUE(got_[0].empty());
  hub_.WatchList(1, false);
  hub_.Publish({created});
  EXPECT_EQ(got_[1].size(), 1u);
}

TEST_F(HubTest, TakesAsManyWorkersAsItSays) {
  size_t delivered = 0;
  std::vector<Hub::Sink> sinks(Hub::kMaxWorkers, [&](const HubDelivery&) { ++delivered; });
  Hub hub(store_, std::move(sinks));
  for (size_t worker = 0; worker < Hub::kMaxWorkers; ++worker) hub.Follow(worker, Rig::Key());
  hub.Publish({MakeCommit(Rig::Key(), 1)});
  EXPECT_EQ(delivered, Hub::kMaxWorkers);
}

}  // namespace
}  // namespace tailrace
