#include "store/rocksdb/unsettled.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tailrace::rocks {
namespace {

TailPiece MakePiece(Position begin, const std::string& encoded, TimeNs time = 0) {
  auto chunk = std::make_shared<Chunk>();
  chunk->begin = begin;
  chunk->end = begin + 1;
  chunk->encoded = encoded;
  BlockHeader header;
  header.count = 1;
  header.text_offset = begin * 10;
  header.text_bytes = 10;
  header.encoded_bytes = encoded.size();
  header.time = time;
  return {header, std::move(chunk)};
}

TEST(Unsettled, KnowsTheEndsOfLogs) {
  Unsettled unsettled(1000);
  EXPECT_TRUE(unsettled.TailOf(1).empty());
  unsettled.Add(1, MakePiece(5, "a"));
  unsettled.Add(1, MakePiece(6, "b"));
  unsettled.Add(2, MakePiece(0, "c"));
  EXPECT_EQ(unsettled.TailOf(1).size(), 2u);
  EXPECT_TRUE(unsettled.Has(2));
  EXPECT_FALSE(unsettled.IsFull());
  unsettled.CutBefore(1, 6);
  EXPECT_EQ(unsettled.TailOf(1).front().chunk->begin, 6u);
  unsettled.CutBefore(1, 7);
  EXPECT_FALSE(unsettled.Has(1));
  unsettled.Drop(2);
  EXPECT_EQ(unsettled.bytes(), 0u);
}

TEST(Unsettled, IsFullByBytesOrByPiecesOfALog) {
  Unsettled bytes(10'000);
  bytes.Add(1, MakePiece(0, std::string(11'000, 'x')));
  EXPECT_TRUE(bytes.IsFull());
  Unsettled pieces(1 << 30);
  for (Position i = 0; i < 255; ++i) pieces.Add(1, MakePiece(i, "x"));
  EXPECT_FALSE(pieces.IsFull());
  pieces.Add(1, MakePiece(255, "x"));
  EXPECT_TRUE(pieces.IsFull());
  pieces.Clear();
  EXPECT_FALSE(pieces.IsFull());
  EXPECT_EQ(pieces.bytes(), 0u);
}

struct Written {
  Position begin;
  uint64_t count;
  uint64_t text_bytes;
  std::string entries;
  auto operator<=>(const Written&) const = default;
};

std::vector<Written> WriteDown(const Tail& tail, uint64_t block_bytes, bool join) {
  std::vector<Written> written;
  ForEachBlockOf(
      tail, block_bytes, join,
      [&](Position begin, const BlockHeader& header, std::string_view entries) {
        EXPECT_EQ(header.encoded_bytes, entries.size());
        EXPECT_EQ(header.text_offset, begin * 10);
        written.push_back({begin, header.count, header.text_bytes, std::string(entries)});
      });
  return written;
}

TEST(Unsettled, NeighboursAreJoinedIntoBlocks) {
  const Tail tail = {MakePiece(3, "aa"), MakePiece(4, "bb"), MakePiece(5, "cc"),
                     MakePiece(8, "dd")};
  EXPECT_EQ(WriteDown(tail, 4, true),
            (std::vector<Written>{{3, 2, 20, "aabb"}, {5, 1, 10, "cc"}, {8, 1, 10, "dd"}}));
  EXPECT_EQ(WriteDown(tail, 100, true),
            (std::vector<Written>{{3, 3, 30, "aabbcc"}, {8, 1, 10, "dd"}}));
  EXPECT_EQ(WriteDown(tail, 100, false).size(), 4u);
  EXPECT_EQ(WriteDown({}, 100, true).size(), 0u);
}

TEST(Unsettled, WhatIsMoreThanAMinuteApartIsNotJoined) {
  constexpr TimeNs kMinute = 60'000'000'000;
  const Tail tail = {MakePiece(0, "a", 0), MakePiece(1, "b", kMinute),
                     MakePiece(2, "c", kMinute + 1)};
  EXPECT_EQ(WriteDown(tail, 100, true), (std::vector<Written>{{0, 2, 20, "ab"}, {2, 1, 10, "c"}}));
}

}  // namespace
}  // namespace tailrace::rocks
