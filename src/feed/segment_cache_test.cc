#include "feed/segment_cache.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

SegmentPtr MakeTestSegment(Position begin, Position end, size_t size_bytes) {
  auto segment = std::make_shared<Segment>();
  segment->begin = begin;
  segment->end = end;
  segment->bytes.assign(size_bytes, 'x');
  return segment;
}

TEST(SegmentCache, FindsByLogFormatAndBegin) {
  SegmentCache cache(1000);
  const Segment* inserted = cache.Insert(7, Format::kText, MakeTestSegment(5, 9, 10));
  EXPECT_EQ(cache.Find(7, Format::kText, 5, 0), inserted);
  EXPECT_EQ(cache.Find(7, Format::kText, 5, 9), inserted);
  EXPECT_EQ(cache.Find(8, Format::kText, 5, 0), nullptr);
  EXPECT_EQ(cache.Find(7, Format::kJson, 5, 0), nullptr);
  EXPECT_EQ(cache.Find(7, Format::kText, 6, 0), nullptr);
  EXPECT_EQ(cache.Find(7, Format::kText, 4, 0), nullptr);
  EXPECT_EQ(cache.Find(7, Format::kText, 5, 8), nullptr);
}

TEST(SegmentCache, TrimDropsTheLeastRecentlyUsed) {
  SegmentCache cache(25);
  for (const Position begin : {0, 10, 20}) {
    cache.Insert(1, Format::kText, MakeTestSegment(begin, begin + 10, 10));
  }
  EXPECT_NE(cache.Find(1, Format::kText, 0, 0), nullptr);
  EXPECT_EQ(cache.Bytes(), 30u);
  cache.Trim();
  EXPECT_EQ(cache.Bytes(), 20u);
  EXPECT_NE(cache.Find(1, Format::kText, 0, 0), nullptr);
  EXPECT_EQ(cache.Find(1, Format::kText, 10, 0), nullptr);
  EXPECT_NE(cache.Find(1, Format::kText, 20, 0), nullptr);
}

TEST(SegmentCache, DropsOne) {
  SegmentCache cache(100);
  const SegmentPtr segment = MakeTestSegment(0, 10, 10);
  cache.Insert(1, Format::kText, segment);
  cache.Insert(1, Format::kText, MakeTestSegment(0, 5, 10));
  cache.Drop(1, Format::kJson, *segment);
  EXPECT_EQ(cache.Bytes(), 20u);
  cache.Drop(1, Format::kText, *segment);
  EXPECT_EQ(cache.Bytes(), 10u);
  EXPECT_EQ(cache.Find(1, Format::kText, 0, 10), nullptr);
  EXPECT_NE(cache.Find(1, Format::kText, 0, 5), nullptr);
  cache.Drop(1, Format::kText, *segment);
  EXPECT_EQ(cache.Bytes(), 10u);
}

TEST(SegmentCache, KeepsNothingBeyondItsLimit) {
  SegmentCache cache(9);
  cache.Insert(1, Format::kText, MakeTestSegment(0, 1, 10));
  cache.Trim();
  EXPECT_EQ(cache.Bytes(), 0u);
  EXPECT_EQ(cache.Find(1, Format::kText, 0, 0), nullptr);
}

TEST(SegmentCache, PointersLiveUntilTrim) {
  SegmentCache cache(0);
  const Segment* first = cache.Insert(1, Format::kText, MakeTestSegment(0, 1, 10));
  const Segment* same_range = cache.Insert(1, Format::kText, MakeTestSegment(0, 1, 10));
  const Segment* longer = cache.Insert(1, Format::kText, MakeTestSegment(0, 3, 30));
  EXPECT_EQ(first->end, 1u);
  EXPECT_EQ(same_range->end, 1u);
  EXPECT_EQ(longer->end, 3u);
  cache.Trim();
  EXPECT_EQ(cache.Bytes(), 0u);
}

// Two viewers that were half sent segments of different length from one position would otherwise
// throw out each other's again and again.
TEST(SegmentCache, HoldsSegmentsOfDifferentLengthFromOnePosition) {
  SegmentCache cache(1000);
  cache.Insert(1, Format::kText, MakeTestSegment(5, 9, 10));
  cache.Insert(1, Format::kText, MakeTestSegment(5, 30, 40));
  EXPECT_EQ(cache.Bytes(), 50u);
  ASSERT_NE(cache.Find(1, Format::kText, 5, 9), nullptr);
  ASSERT_NE(cache.Find(1, Format::kText, 5, 30), nullptr);
  EXPECT_EQ(cache.Find(1, Format::kText, 5, 9)->end, 9u);
  EXPECT_EQ(cache.Find(1, Format::kText, 5, 30)->end, 30u);
  EXPECT_EQ(cache.Find(1, Format::kText, 5, 0)->end, 30u) << "the longest serves best";
}

TEST(SegmentCache, TheSameRangeIsCountedOnce) {
  SegmentCache cache(1000);
  cache.Insert(1, Format::kText, MakeTestSegment(5, 9, 10));
  cache.Insert(1, Format::kText, MakeTestSegment(5, 9, 10));
  EXPECT_EQ(cache.Bytes(), 10u);
}

}  // namespace
}  // namespace tailrace
