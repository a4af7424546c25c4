#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/mongodb/reader.h"

namespace tailrace::mongo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A log whose entries have texts of these sizes.
class ChunkMakerTest : public ::testing::Test {
 protected:
  void Make(const std::vector<size_t>& sizes) {
    EntryFacts facts;
    for (const size_t size : sizes) {
      texts_.push_back(std::make_unique<std::string>(size, 'x'));
      StoredEntry& stored = entries_.emplace_back();
      stored.entry.text = *texts_.back();
      std::string encoded;
      EncodeEntry(encoded, stored.entry);
      facts.encoded_end += encoded.size();
      stored.facts = facts;
      facts.text_offset += size + 1;
      ++facts.position;
    }
  }
  std::vector<ReadItem> Read(Position from, uint64_t cell_bytes) {
    ChunkMaker maker(from, cell_bytes);
    for (size_t i = from; i < entries_.size(); ++i) maker.Add(entries_[i]);
    maker.Finish(entries_.size());
    return maker.TakeItems();
  }

  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<StoredEntry> entries_;
};

TEST_F(ChunkMakerTest, WhereverReadingBeginsChunksEndAtTheSamePlaces) {
  std::vector<size_t> sizes;
  for (size_t i = 0; i < 200; ++i) sizes.push_back(i * 37 % 91);
  Make(sizes);
  for (const uint64_t cell_bytes : {1, 50, 300, 100'000}) {
    std::vector<Position> ends;
    for (const ReadItem& item : Read(0, cell_bytes)) ends.push_back(item.end);
    EXPECT_EQ(ends.back(), 200u);
    for (const Position from : {1, 63, 199}) {
      Position next = from;
      for (const ReadItem& item : Read(from, cell_bytes)) {
        EXPECT_EQ(item.begin, next);
        EXPECT_EQ(item.chunk->begin, next);
        EXPECT_EQ(item.chunk->end, item.end);
        EXPECT_EQ(item.chunk->text_offset, entries_[next].facts.text_offset);
        EXPECT_THAT(ends, testing::Contains(item.end));
        next = item.end;
        if (next == 200) break;
        EXPECT_EQ(item.text_end, entries_[next].facts.text_offset);
      }
      EXPECT_EQ(next, 200u);
    }
  }
}

TEST_F(ChunkMakerTest, ItIsAtABorderWhenNothingCanJoin) {
  Make({10, 10, 10});
  const uint64_t bytes = entries_[0].facts.encoded_end;
  ChunkMaker maker(0, 2 * bytes);
  EXPECT_TRUE(maker.AtBorder());
  maker.Add(entries_[0]);
  EXPECT_FALSE(maker.AtBorder());
  maker.Add(entries_[1]);
  EXPECT_TRUE(maker.AtBorder());
  EXPECT_EQ(maker.bytes(), 2 * bytes);
}

TEST_F(ChunkMakerTest, WhatIsMissingIsAGap) {
  Make({1, 1, 1, 1, 1, 1});
  ChunkMaker maker(0, 1000);
  for (const size_t i : {1, 2, 4}) maker.Add(entries_[i]);
  maker.Finish(6);
  std::vector<std::pair<Position, bool>> found;
  for (const ReadItem& item : maker.TakeItems()) {
    found.emplace_back(item.end, item.chunk != nullptr);
    EXPECT_TRUE(item.chunk != nullptr || item.cause == GapCause::kDamaged);
  }
  EXPECT_THAT(found, ElementsAre(std::pair(1, false), std::pair(3, true), std::pair(4, false),
                                 std::pair(5, true), std::pair(6, false)));
  EXPECT_EQ(maker.gaps(), 3u);
}

TEST_F(ChunkMakerTest, WhatComesAgainIsPassedOver) {
  Make({1, 1});
  ChunkMaker maker(1, 1000);
  maker.Add(entries_[0]);
  EXPECT_THAT(maker.TakeItems(), IsEmpty());
  maker.Add(entries_[1]);
  maker.Add(entries_[1]);
  maker.Finish(2);
  EXPECT_THAT(maker.TakeItems(), SizeIs(1));
}

}  // namespace
}  // namespace tailrace::mongo
