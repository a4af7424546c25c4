#include "feed/segment.h"

#include <gtest/gtest.h>

#include "feed/feed_harness.h"

namespace tailrace {
namespace {

TEST(AppendHttpChunk, IsOneChunkBehindWhatIsThere) {
  std::string out = "head";
  AppendHttpChunk(out, "hello");
  EXPECT_EQ(out, "head00000005\r\nhello\r\n");
}

TEST(AppendHttpChunk, WritesSizesInHexadecimal) {
  for (const size_t size : {1u, 9u, 10u, 15u, 16u, 255u, 4096u, 0xabcdeu}) {
    std::string out;
    AppendHttpChunk(out, std::string(size, 'x'));
    EXPECT_EQ(std::stoul(out.substr(0, 8), nullptr, 16), size);
    ChunkedReader reader;
    reader.Feed(out);
    EXPECT_TRUE(reader.BetweenChunks());
    EXPECT_EQ(reader.Payload(), std::string(size, 'x'));
  }
}

TEST(MakeSegment, RendersTheRangeAsOneHttpChunk) {
  const ChunkPtr chunk = TestChunk(10, {"a", "b", "c", "d"});
  const SegmentPtr segment =
      MakeSegment(TestRenderer(), Format::kText, "inc", 11, 13, std::span(&chunk, 1));
  EXPECT_EQ(segment->begin, 11u);
  EXPECT_EQ(segment->end, 13u);
  EXPECT_EQ(segment->Framed(false), "inc 11 b\ninc 12 c\n");
  EXPECT_EQ(segment->Framed(true), "00000012\r\ninc 11 b\ninc 12 c\n\r\n");
}

TEST(MakeSegment, CoversSeveralChunks) {
  const std::vector<ChunkPtr> chunks = {TestChunk(0, {"a", "b"}), TestChunk(2, {"c"}),
                                        TestChunk(3, {"d", "e"})};
  const SegmentPtr segment = MakeSegment(TestRenderer(), Format::kBatch, "i", 1, 4, chunks);
  EXPECT_EQ(segment->Framed(false), "[1\ni 1 b\n[2\ni 2 c\n[3\ni 3 d\n");
}

TEST(MakeSegment, SameRangeSameBytes) {
  const std::vector<ChunkPtr> chunks = {TestChunk(0, {"a", "b"}), TestChunk(2, {"c"})};
  for (const Format format : {Format::kText, Format::kJson, Format::kBatch}) {
    const SegmentPtr first = MakeSegment(TestRenderer(), format, "i", 0, 3, chunks);
    const SegmentPtr again = MakeSegment(TestRenderer(), format, "i", 0, 3, chunks);
    EXPECT_EQ(first->bytes, again->bytes);
  }
}

// A payload of no bytes would be the last chunk of RFC 9112 §7.1 and end the client's response.
TEST(MakeSegmentDeathTest, PayloadIsNeverEmpty) {
  class Silent final : public SegmentRenderer {
    void Render(Format, std::string_view, Position, Position, std::span<const ChunkPtr>,
                std::string&) const override {}
  };
  const ChunkPtr chunk = TestChunk(0, {"a"});
  EXPECT_DEATH(MakeSegment(Silent(), Format::kText, "i", 0, 1, std::span(&chunk, 1)), "");
}

}  // namespace
}  // namespace tailrace
