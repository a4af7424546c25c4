#include "feed/segment_run.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

SegmentPtr Piece(Position begin, Position end, size_t bytes = 10) {
  auto segment = std::make_shared<Segment>();
  segment->begin = begin;
  segment->end = end;
  segment->bytes.assign(bytes, 'x');
  return segment;
}

SegmentRun RunOfThree() {
  SegmentRun run{Style(Format::kText, Coding::kGzip)};
  run.Add(Piece(4, 7));
  run.Add(Piece(7, 8));
  run.Add(Piece(8, 12));
  return run;
}

TEST(SegmentRun, FindsOnlyWhatBeginsThere) {
  const SegmentRun run = RunOfThree();
  EXPECT_EQ(run.begin(), 4u);
  EXPECT_EQ(run.end(), 12u);
  EXPECT_EQ(run.Find(4, 0)->end, 7u);
  EXPECT_EQ(run.Find(7, 0)->end, 8u);
  EXPECT_EQ(run.Find(8, 12)->end, 12u);
  for (const Position nowhere : {0, 3, 5, 6, 9, 11, 12, 100}) {
    EXPECT_EQ(run.Find(nowhere, 0), nullptr) << nowhere;
  }
  EXPECT_EQ(run.Find(4, 8), nullptr);
}

TEST(SegmentRun, AnEmptyOneFindsNothing) {
  const SegmentRun run{Style(Format::kText, Coding::kZstd)};
  EXPECT_TRUE(run.Empty());
  EXPECT_EQ(run.Find(0, 0), nullptr);
  EXPECT_EQ(run.end(), 0u);
}

TEST(SegmentRun, WhatDoesNotAdjoinBeginsAnew) {
  SegmentRun run = RunOfThree();
  EXPECT_EQ(run.Bytes(), 30u);
  run.Add(Piece(20, 21, 5));
  EXPECT_EQ(run.Bytes(), 5u);
  EXPECT_EQ(run.begin(), 20u);
  EXPECT_EQ(run.Find(4, 0), nullptr);
}

TEST(SegmentRun, DropsWhatLiesBefore) {
  SegmentRun run = RunOfThree();
  run.DropUpTo(6);
  EXPECT_EQ(run.begin(), 4u) << "a part of it is still wanted";
  run.DropUpTo(8);
  EXPECT_EQ(run.begin(), 8u);
  EXPECT_EQ(run.Bytes(), 10u);
  run.DropUpTo(100);
  EXPECT_TRUE(run.Empty());
  EXPECT_EQ(run.Bytes(), 0u);
}

}  // namespace
}  // namespace tailrace
