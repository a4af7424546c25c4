#include "io/ticket_keys.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

class SetClock final : public Clock {
 public:
  TimeNs Now() const override { return now; }
  TimeNs now = 1'000'000'000'000'000'000;
};

TEST(TicketKeys, OneKeySealsForItsPeriod) {
  SetClock clock;
  TicketKeys keys(clock);
  const auto first = keys.Current();
  ASSERT_TRUE(first);
  clock.now += TicketKeys::kPeriodNs - 1;
  EXPECT_EQ(keys.Current()->name, first->name);
  clock.now += 1;
  const auto second = keys.Current();
  EXPECT_NE(second->name, first->name);
  EXPECT_NE(second->cipher, first->cipher);
  EXPECT_NE(second->mac, first->mac);
}

TEST(TicketKeys, AnOlderKeyStillOpensUntilItsTimeIsOver) {
  SetClock clock;
  TicketKeys keys(clock);
  const auto first = keys.Current();
  clock.now += 2 * TicketKeys::kPeriodNs;
  const auto second = keys.Current();
  const auto found = keys.Find(first->name);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->cipher, first->cipher);
  clock.now += TicketKeys::kPeriodNs;
  EXPECT_FALSE(keys.Find(first->name));
  EXPECT_TRUE(keys.Find(second->name));
}

TEST(TicketKeys, ATicketOutlivesNoKey) {
  // The last ticket of a key is sealed at the end of its period.
  EXPECT_LE(TicketKeys::kPeriodNs + TicketKeys::kTicketLifeS * 1'000'000'000,
            TicketKeys::kPeriodNs * static_cast<TimeNs>(TicketKeys::kKept));
}

TEST(TicketKeys, AClockThatGoesBackLosesNoKey) {
  SetClock clock;
  TicketKeys keys(clock);
  const auto first = keys.Current();
  clock.now -= 100 * TicketKeys::kPeriodNs;
  EXPECT_EQ(keys.Current()->name, first->name);
  EXPECT_TRUE(keys.Find(first->name));
}

TEST(TicketKeys, KnowsNoKeyThatItHasNotMade) {
  SetClock clock;
  TicketKeys keys(clock);
  keys.Current();
  EXPECT_FALSE(keys.Find(std::array<unsigned char, 16>{}));
}

}  // namespace
}  // namespace tailrace
