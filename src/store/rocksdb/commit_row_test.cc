#include "store/rocksdb/commit_row.h"

#include <gtest/gtest.h>

#include <vector>

namespace tailrace::rocks {
namespace {

RowPiece MakePiece(uint64_t log, Position begin, std::string_view entries) {
  RowPiece piece{.log_number = log, .begin = begin, .entries = entries};
  piece.header.count = 2;
  piece.header.encoded_bytes = entries.size();
  piece.header.time = -3;
  return piece;
}

std::vector<RowPiece> PiecesOf(std::string_view row, bool with_entries) {
  std::vector<RowPiece> pieces;
  EXPECT_TRUE(ForEachPiece(row, with_entries, [&](const RowPiece& p) { pieces.push_back(p); }));
  return pieces;
}

TEST(CommitRow, GivesBackItsPieces) {
  RowBuilder row;
  EXPECT_TRUE(row.Empty());
  row.Add(MakePiece(7, 300, "some entries"));
  row.Add(MakePiece(1ull << 40, 0, "x"));
  EXPECT_FALSE(row.Empty());
  for (const bool with_entries : {true, false}) {
    const auto pieces = PiecesOf(with_entries ? row.row() : row.extents(), with_entries);
    ASSERT_EQ(pieces.size(), 2u);
    EXPECT_EQ(pieces[0].log_number, 7u);
    EXPECT_EQ(pieces[0].begin, 300u);
    EXPECT_EQ(pieces[0].End(), 302u);
    EXPECT_EQ(pieces[0].header.time, -3);
    EXPECT_EQ(pieces[0].entries, with_entries ? "some entries" : "");
    EXPECT_EQ(pieces[1].log_number, 1ull << 40);
    EXPECT_EQ(pieces[1].entries, with_entries ? "x" : "");
  }
}

TEST(CommitRow, ThatIsCutOffIsNone) {
  RowBuilder row;
  row.Add(MakePiece(7, 300, "some entries"));
  for (size_t size = 0; size < row.row().size(); ++size) {
    if (size == 1) continue;  // an empty row is one
    EXPECT_FALSE(ForEachPiece(std::string_view(row.row()).substr(0, size), true, [](auto&) {}));
  }
  EXPECT_FALSE(ForEachPiece("\x07", true, [](auto&) {}));
}

TEST(CommitRow, KeysSortAsTheirCommits) {
  EXPECT_LT(RowKey(255), RowKey(256));
}

}  // namespace
}  // namespace tailrace::rocks
