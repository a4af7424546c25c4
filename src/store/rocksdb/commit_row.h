// A commit row: the small runs of entries that one commit brought of many logs, one after another,
// in one value. It costs a commit one insertion instead of two for each log. Later they are
// settled: written as the blocks of their logs, joined, in the batch that deletes the rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log/chunk.h"
#include "store/rocksdb/format.h"

namespace tailrace::rocks {

/// A run of one log. Its end is begin + header.count.
struct RowPiece {
  uint64_t log_number = 0;
  Position begin = 0;
  BlockHeader header;
  std::string_view entries;  ///< Empty in the row's copy without entries.

  Position End() const { return begin + header.count; }
};

/// Sorts as the commits' numbers.
std::string RowKey(uint64_t commit);

/// Builds a row and the copy without entries, which says what a damaged row held.
class RowBuilder {
 public:
  RowBuilder();
  void Add(const RowPiece& piece);
  bool Empty() const { return row_.size() == 1; }
  const std::string& row() const { return row_; }
  const std::string& extents() const { return extents_; }

 private:
  std::string row_;
  std::string extents_;
};

/// Takes a row, or its copy, apart. Calls `visit(const RowPiece&)`; views point into `row`. False:
/// it is not one; pieces that were visited before are to be forgotten.
template <typename Visit>
[[nodiscard]] bool ForEachPiece(std::string_view row, bool with_entries, const Visit& visit);

/// Takes the version off the front.
[[nodiscard]] bool TakeRowHead(std::string_view& in);
[[nodiscard]] bool TakeRowPiece(std::string_view& in, bool with_entries, RowPiece& piece);

template <typename Visit>
bool ForEachPiece(std::string_view row, bool with_entries, const Visit& visit) {
  if (!TakeRowHead(row)) return false;
  while (!row.empty()) {
    RowPiece piece;
    if (!TakeRowPiece(row, with_entries, piece)) return false;
    visit(piece);
  }
  return true;
}

}  // namespace tailrace::rocks
