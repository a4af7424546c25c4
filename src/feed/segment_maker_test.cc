#include "feed/segment_maker.h"

#include <gtest/gtest.h>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

constexpr size_t kGzip = IndexOf(Coding::kGzip);

class SegmentMakerTest : public testing::Test {
 protected:
  SegmentPtr Make(Coding coding) {
    return maker_.Make(Style(Format::kText, coding), "i", 0, 2, std::span(&chunk_, 1));
  }

  TestRenderer renderer_;
  const ChunkPtr chunk_ = TestChunk(0, {"a", "b"});
  SegmentMaker maker_{renderer_, CodedSizes{.turn_bytes = 1}};
};

TEST_F(SegmentMakerTest, CompressesSoMuchATurn) {
  EXPECT_EQ(Make(Coding::kGzip)->Framed(false), "(12:i 0 a\ni 1 b\n)");
  EXPECT_FALSE(maker_.TakeRefusal());
  EXPECT_EQ(Make(Coding::kZstd), nullptr);
  EXPECT_TRUE(maker_.TakeRefusal());
  EXPECT_FALSE(maker_.TakeRefusal()) << "told once";
  EXPECT_NE(Make(Coding::kIdentity), nullptr) << "costs little";
  maker_.BeginTurn();
  EXPECT_NE(Make(Coding::kZstd), nullptr);
}

TEST_F(SegmentMakerTest, CountsWhatCompressedSegmentsCost) {
  Make(Coding::kGzip);
  Make(Coding::kIdentity);
  const SegmentCosts& costs = maker_.costs();
  EXPECT_EQ(costs.segments[kGzip], 1u);
  EXPECT_EQ(costs.plain_bytes[kGzip], 12u);
  EXPECT_EQ(costs.coded_bytes[kGzip], 17u);
  EXPECT_EQ(costs.segments[IndexOf(Coding::kIdentity)], 0u);
  EXPECT_EQ(costs.segments[IndexOf(Coding::kZstd)], 0u);
}

}  // namespace
}  // namespace tailrace
