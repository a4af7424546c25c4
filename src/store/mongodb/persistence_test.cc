#include "store/mongodb/persistence.h"

#include <gtest/gtest.h>

#include <thread>

namespace tailrace::mongo {
namespace {

TEST(Persistence, SaysWhyItRestsUntilItWorksAgain) {
  Persistence persistence;
  EXPECT_EQ(persistence.Trouble(), "");
  EXPECT_TRUE(persistence.Rest("nobody there"));
  EXPECT_TRUE(persistence.Rest("still nobody"));
  EXPECT_EQ(persistence.Trouble(), "still nobody");
  EXPECT_EQ(persistence.failures(), 2u);
  persistence.Succeeded();
  EXPECT_EQ(persistence.Trouble(), "");
  EXPECT_EQ(persistence.failures(), 2u);
}

TEST(Persistence, ClosingEndsIt) {
  Persistence persistence;
  persistence.Close(std::chrono::milliseconds(0));
  EXPECT_TRUE(persistence.Closing());
  EXPECT_FALSE(persistence.Rest("nobody there"));
  persistence.Sleep(std::chrono::hours(1));  // does not
}

TEST(Persistence, ThereIsTimeForOneMoreTry) {
  Persistence persistence;
  persistence.Close(std::chrono::hours(1));
  EXPECT_TRUE(persistence.Rest("nobody there"));
}

TEST(Persistence, ClosingWakesWhoSleeps) {
  Persistence persistence;
  std::thread sleeper([&] { persistence.Sleep(std::chrono::hours(1)); });
  persistence.Close(std::chrono::milliseconds(0));
  sleeper.join();
}

}  // namespace
}  // namespace tailrace::mongo
