#include "store/rocksdb/commit_row.h"

#include "base/bytes.h"

namespace tailrace::rocks {

std::string RowKey(uint64_t commit) {
  std::string key;
  AppendBigEndian64(key, commit);
  return key;
}

RowBuilder::RowBuilder()
    : row_(1, static_cast<char>(kValueVersion)), extents_(1, static_cast<char>(kValueVersion)) {}

void RowBuilder::Add(const RowPiece& piece) {
  const size_t at = row_.size();
  AppendVarint(row_, piece.log_number);
  AppendVarint(row_, piece.begin);
  AppendBlockHeader(row_, piece.header);
  extents_.append(row_, at);
  row_.append(piece.entries);
}

bool TakeRowHead(std::string_view& in) {
  if (in.empty() || in.front() != static_cast<char>(kValueVersion)) return false;
  in.remove_prefix(1);
  return true;
}

bool TakeRowPiece(std::string_view& in, bool with_entries, RowPiece& piece) {
  if (!TakeVarint(in, piece.log_number) || !TakeVarint(in, piece.begin) ||
      !TakeBlockHeader(in, piece.header)) {
    return false;
  }
  if (!with_entries) return true;
  if (piece.header.encoded_bytes > in.size()) return false;
  piece.entries = in.substr(0, piece.header.encoded_bytes);
  in.remove_prefix(piece.header.encoded_bytes);
  return true;
}

}  // namespace tailrace::rocks
