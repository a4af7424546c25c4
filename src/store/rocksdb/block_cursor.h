// BlockCursor: walks over a log's stored blocks, and says what is missing between them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/entry.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/format.h"

namespace tailrace::rocks {

/// A block, or positions that no readable block holds.
struct Piece {
  Position begin = 0;
  Position end = 0;
  bool readable = false;
  BlockHeader header;        ///< If readable.
  std::string_view entries;  ///< If readable and of the blocks' family; good until the next call.

  uint64_t TextEnd() const { return header.text_offset + header.text_bytes; }
  uint64_t EncodedEnd() const { return header.encoded_offset + header.encoded_bytes; }
};

/// Over Family::kBlocks (headers and entries) or Family::kIndex (headers alone). Both hold the
/// headers of the same blocks, so damage in one leaves the extents of its blocks known.
class BlockCursor {
 public:
  /// `database` must outlive it. Sees positions below `end`, as of now.
  BlockCursor(Database& database, Family family, uint64_t log_number, Position end);
  ~BlockCursor();
  BlockCursor(const BlockCursor&) = delete;
  BlockCursor& operator=(const BlockCursor&) = delete;

  /// The piece that holds `position`, which is below `end`: a whole block, or a gap that begins at
  /// `position`. kUnavailable: the disk refuses just now.
  Result<Piece> Find(Position position);
  /// The piece behind the one before, which ended below `end`. No gap follows a gap.
  Result<Piece> Next();
  /// The log's last block, also if its entries are lost. Nothing: it has none. kCorrupt: damaged.
  Result<std::optional<Piece>> Last();

 private:
  struct State;
  enum class Sight : uint8_t { kBlock, kHeaderOnly, kNothing, kDamage, kError };

  /// What is at the iterator.
  Sight Look(Piece& piece) const;
  Result<Piece> From(Position position);
  Piece Take(Piece piece);
  Piece Gap(Position begin, Position end);
  /// What is known of `position` although the iterator met damage there.
  Result<Piece> Rescue(Position position);
  std::optional<Piece> ExtentsFromOther(Position position);
  Result<Piece> GetBlock(const Piece& extents, Position position);
  Position ProbeBehind(Position position);

  Database& database_;
  Family family_;
  uint64_t log_number_;
  Position end_;
  Position next_ = 0;     ///< Where the piece before ended.
  bool taken_ = false;    ///< The iterator stands on the piece before.
  bool rescued_ = false;  ///< The piece before was read without the iterator.
  std::unique_ptr<State> state_;
};

}  // namespace tailrace::rocks
