// Compressed streams: how segments are cut, and that all viewers share them.
#include <gtest/gtest.h>

#include "feed/feed.h"
#include "feed/feed_harness.h"

namespace tailrace {
namespace {

constexpr Coding kGzip = Coding::kGzip;
constexpr Coding kZstd = Coding::kZstd;

// Chunks here say what stands before them, as the store does.
ChunkPtr ChunkAt(Position begin, const std::vector<std::string>& texts, uint64_t text_offset) {
  auto chunk = std::make_shared<Chunk>(*TestChunk(begin, texts));
  chunk->text_offset = text_offset;
  return chunk;
}

class FeedCodedTest : public testing::Test {
 protected:
  void Use(const CodedSizes& sizes) { maker_ = std::make_unique<SegmentMaker>(renderer_, sizes); }

  // Entries 0 to 5 in chunks of 2, 1 and 3, ten bytes of text each.
  std::vector<ChunkPtr> Chunks() {
    return {ChunkAt(0, {"a", "b"}, 0), ChunkAt(2, {"c"}, 20), ChunkAt(3, {"d", "e", "f"}, 30)};
  }
  void AddAll() {
    feed_.Learn(TestInfo(1, 6));
    feed_.AddChunks(Chunks());
  }
  const Segment* Find(Position begin, Position end = 0, Coding coding = kGzip) {
    return feed_.Find(*maker_, cache_, Style(Format::kText, coding), begin, end);
  }
  std::pair<Position, Position> Range(Position begin, Position end = 0, Coding coding = kGzip) {
    const Segment* found = Find(begin, end, coding);
    return found == nullptr ? std::pair<Position, Position>() : std::pair(found->begin, found->end);
  }
  using Is = std::pair<Position, Position>;

  TestRenderer renderer_;
  std::unique_ptr<SegmentMaker> maker_ = std::make_unique<SegmentMaker>(renderer_);
  SegmentCache cache_{1 << 20};
  Feed feed_{Rig::Key(), 1};
};

TEST_F(FeedCodedTest, WhatATurnHoldsIsOneSegment) {
  AddAll();
  EXPECT_EQ(Range(0), Is(0, 6));
  EXPECT_EQ(Find(0)->Framed(false),
            "(54:log1 0 a\nlog1 1 b\nlog1 2 c\nlog1 3 d\nlog1 4 e\nlog1 5 f\n)");
  EXPECT_EQ(Find(0), Find(0)) << "made once";
  EXPECT_EQ(Range(0, 0, kZstd), Is(0, 6));
  EXPECT_EQ(Range(0, 0, Coding::kIdentity), Is(0, 2)) << "plain segments are a chunk each";
  feed_.Learn(TestInfo(1, 7));
  feed_.AddChunks({ChunkAt(6, {"g"}, 60)});
  EXPECT_EQ(Range(6), Is(6, 7)) << "a lone line goes alone";
  EXPECT_EQ(cache_.Bytes(), 0u) << "whoever follows needs the window only";
}

TEST_F(FeedCodedTest, ASegmentOfATurnIsNotTooLarge) {
  Use({.run_bytes = 1});
  AddAll();
  EXPECT_EQ(Range(0), Is(0, 2));
  EXPECT_EQ(Range(2), Is(2, 3));
  EXPECT_EQ(Range(3), Is(3, 6));
}

TEST_F(FeedCodedTest, SmallSegmentsAreJoinedForWhoIsBehind) {
  Use({.run_bytes = 1});
  AddAll();
  for (const Position border : {0, 2, 3}) ASSERT_NE(Find(border), nullptr);
  EXPECT_EQ(Range(0), Is(0, 6));
  EXPECT_EQ(Range(2), Is(2, 6));
  EXPECT_EQ(Range(3), Is(3, 6)) << "the newest";
  EXPECT_EQ(Find(0), Find(0)) << "made once";
  EXPECT_EQ(Range(0, 2), Is(0, 2)) << "whoever has got half of it gets the rest";
  EXPECT_EQ(Range(1), Is(1, 6)) << "and whoever joins inside of it gets what is behind";
}

TEST_F(FeedCodedTest, LargeOnesAreNot) {
  Use({.run_bytes = 1, .small_bytes = 1});
  AddAll();
  for (const Position border : {0, 2, 3}) ASSERT_NE(Find(border), nullptr);
  EXPECT_EQ(Range(0), Is(0, 2));
}

TEST_F(FeedCodedTest, UnitsBeginAtTheSamePlacesForAll) {
  Use({.run_bytes = 1, .unit_bytes = 30});
  AddAll();
  for (const Position border : {0, 2, 3}) ASSERT_NE(Find(border), nullptr);
  EXPECT_EQ(Range(0), Is(0, 3));
  EXPECT_EQ(Range(1), Is(1, 3));
  EXPECT_EQ(Range(3), Is(3, 6));
}

TEST_F(FeedCodedTest, WhoeverIsBehindMeetsTheSharedSegments) {
  AddAll();
  EXPECT_EQ(Range(4), Is(4, 6)) << "the first viewer came with a cursor";
  EXPECT_EQ(Range(0), Is(0, 4));
  EXPECT_EQ(Range(3), Is(3, 4));
}

TEST_F(FeedCodedTest, AUnitThatGrowsIsNotMadeAnewForEachLine) {
  Use({.run_bytes = 1});
  AddAll();
  for (const Position border : {0, 2, 3}) ASSERT_NE(Find(border), nullptr);
  ASSERT_EQ(Range(0), Is(0, 6));
  feed_.Learn(TestInfo(1, 7));
  feed_.AddChunks({ChunkAt(6, {"g"}, 60)});
  ASSERT_EQ(Range(6), Is(6, 7));
  EXPECT_EQ(Range(0), Is(0, 6)) << "what there is of it serves";
}

TEST_F(FeedCodedTest, TheSameRangeCanBeMadeAgainFromTheWindow) {
  AddAll();
  const std::string bytes = Find(1, 5)->bytes;
  EXPECT_EQ(TestRenderer::Decode(kZstd, Find(1, 5)->Framed(false)),
            "log1 1 b\nlog1 2 c\nlog1 3 d\nlog1 4 e\n");
  cache_ = SegmentCache(1 << 20);
  EXPECT_EQ(Find(1, 5)->bytes, bytes);
  EXPECT_EQ(Find(1, 7), nullptr) << "it was longer than what is in memory";
}

TEST_F(FeedCodedTest, TheWindowCountsAndDropsThem) {
  AddAll();
  uint64_t expected = 0;
  for (const ChunkPtr& chunk : Chunks()) expected += chunk->encoded.size();
  ASSERT_EQ(feed_.WindowBytes(), expected);
  expected += Find(0)->bytes.size() + Find(0, 0, kZstd)->bytes.size();
  EXPECT_EQ(feed_.WindowBytes(), expected);
  feed_.ShrinkWindow(expected - 1);
  EXPECT_EQ(feed_.WindowBytes(), expected - Chunks()[0]->encoded.size());
  EXPECT_EQ(Range(0), Is(0, 6)) << "it is the segment of chunks that are still here, too";
  feed_.ShrinkWindow(0);
  EXPECT_EQ(feed_.WindowBytes(), 0u);
  EXPECT_EQ(Find(0), nullptr);
}

TEST_F(FeedCodedTest, AnotherIncarnationForgetsThem) {
  AddAll();
  ASSERT_EQ(Range(0), Is(0, 6));
  feed_.KeepSegments(cache_);
  feed_.Learn(TestInfo(2, 1));
  EXPECT_EQ(feed_.WindowBytes(), 0u);
  EXPECT_EQ(Find(0), nullptr);
  EXPECT_NE(cache_.Find(1, Style(Format::kText, kGzip), 0, 6), nullptr)
      << "for viewers that have got half of it";
  feed_.AddChunks({TestChunk(0, {"new"})});
  EXPECT_EQ(Find(0)->Framed(false), "(11:log2 0 new\n)");
}

// ------------------------------------------------------------------------------------------------
// With viewers

TEST(CodedViewers, ShareWhatIsMadeOnce) {
  Rig rig;
  rig.Create();
  std::vector<TestViewer*> viewers;
  for (const Coding coding : {kGzip, kGzip, kGzip, kZstd, kZstd}) {
    viewers.push_back(&rig.Join({}, Rig::Key(), Style(Format::kText, coding)));
  }
  rig.Settle();
  for (int commit = 0; commit < 3; ++commit) rig.Append(2);
  rig.Settle();
  for (const TestViewer* viewer : viewers) EXPECT_EQ(viewer->Payload(), rig.Lines(0, 6));
  EXPECT_EQ(viewers[0]->transcript->raw, viewers[2]->transcript->raw);
  const FeedStats stats = rig.table.Stats();
  EXPECT_EQ(stats.costs.segments[IndexOf(kGzip)], 1u) << "three commits, one turn";
  EXPECT_EQ(stats.costs.segments[IndexOf(kZstd)], 1u);
  EXPECT_EQ(stats.plain_bytes_sent[IndexOf(kGzip)], 3 * rig.Lines(0, 6).size());
  rig.End();
  rig.Settle();
  for (const TestViewer* viewer : viewers) {
    EXPECT_EQ(viewer->transcript->finished, 1);
    EXPECT_EQ(viewer->Payload(), rig.Lines(0, 6) + "end " + rig.Info().incarnation + " 6\n");
  }
}

TEST(CodedViewers, GoOnInsideOfASegmentThatWasForgotten) {
  Rig rig({.feed_bytes = 0, .cache_bytes = 0});
  rig.Create();
  TestViewer& stalled = rig.Join({}, Rig::Key(), Style(Format::kBatch, kGzip));
  TestViewer& other = rig.Join({}, Rig::Key(), Style(Format::kBatch, kGzip));
  rig.Settle();
  stalled.room = 30;
  for (int commit = 0; commit < 3; ++commit) rig.Append(2);
  rig.Settle();
  rig.Append(4);
  rig.Settle();
  rig.Open(stalled);
  rig.Settle();
  EXPECT_EQ(stalled.Payload(), other.Payload());
  EXPECT_EQ(rig.table.Stats().window_bytes, 0u) << "a stalled viewer holds nothing";
}

TEST(CodedViewers, WhatIsTooMuchForATurnComesInTheNext) {
  Rig rig({.coded = {.run_bytes = 1, .turn_bytes = 1}});
  rig.Create();
  TestViewer& viewer = rig.Join({}, Rig::Key(), Style(Format::kText, kZstd));
  rig.Settle();
  for (int commit = 0; commit < 3; ++commit) rig.Append(1);
  rig.Deliver();
  rig.table.RunTurn();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 1));
  EXPECT_TRUE(rig.table.RunTurn());
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 2));
  rig.Turns();
  EXPECT_EQ(viewer.Payload(), rig.Lines(0, 3));
}

}  // namespace
}  // namespace tailrace
