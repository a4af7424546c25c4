#include "store/rocksdb/block_cursor.h"

#include <rocksdb/db.h>

#include <algorithm>

namespace tailrace::rocks {

struct BlockCursor::State {
  std::string lower_key;
  std::string upper_key;
  rocksdb::Slice lower;
  rocksdb::Slice upper;
  rocksdb::ReadOptions options;
  std::unique_ptr<rocksdb::Iterator> iterator;
  rocksdb::PinnableSlice rescued;  ///< Behind Piece::entries of a block that Rescue has read.
};

namespace {

std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace

BlockCursor::BlockCursor(Database& database, Family family, uint64_t log_number, Position end)
    : database_(database),
      family_(family),
      log_number_(log_number),
      end_(end),
      state_(std::make_unique<State>()) {
  state_->lower_key = BlockKey(log_number, 0);
  state_->upper_key = BlockKey(log_number + 1, 0);
  state_->lower = state_->lower_key;
  state_->upper = state_->upper_key;
  state_->options.iterate_lower_bound = &state_->lower;
  state_->options.iterate_upper_bound = &state_->upper;
  state_->iterator.reset(database.db().NewIterator(state_->options, database.family(family)));
}

BlockCursor::~BlockCursor() = default;

BlockCursor::Sight BlockCursor::Look(Piece& piece) const {
  const rocksdb::Iterator& iterator = *state_->iterator;
  if (!iterator.Valid()) {
    const rocksdb::Status status = iterator.status();
    if (status.ok()) return Sight::kNothing;
    return IsDamage(status) ? Sight::kDamage : Sight::kError;
  }
  uint64_t log_number = 0;
  std::string_view value = View(iterator.value());
  if (!ParseBlockKey(View(iterator.key()), log_number, piece.begin) ||
      !TakeBlockHeader(value, piece.header)) {
    return Sight::kDamage;
  }
  piece.end = piece.begin + piece.header.count;
  if (piece.begin >= end_) return Sight::kNothing;
  if (piece.header.lost) return Sight::kHeaderOnly;
  if (family_ == Family::kBlocks && value.size() != piece.header.encoded_bytes) {
    return Sight::kDamage;
  }
  piece.readable = true;
  piece.entries = value;
  return Sight::kBlock;
}

Result<Piece> BlockCursor::Find(Position position) {
  rocksdb::Iterator& iterator = *state_->iterator;
  iterator.SeekForPrev(BlockKey(log_number_, position));
  taken_ = rescued_ = false;
  Piece piece;
  const Sight sight = Look(piece);
  if (sight == Sight::kBlock && piece.end > position) return Take(piece);
  if (sight == Sight::kBlock || sight == Sight::kHeaderOnly) {
    iterator.Next();
  } else if (sight == Sight::kNothing) {
    iterator.Seek(BlockKey(log_number_, position));
  }
  return From(position);
}

Result<Piece> BlockCursor::Next() {
  if (rescued_) {
    state_->iterator->Seek(BlockKey(log_number_, next_));
  } else if (taken_) {
    state_->iterator->Next();
  }
  taken_ = rescued_ = false;
  return From(next_);
}

Result<Piece> BlockCursor::From(Position position) {
  rocksdb::Iterator& iterator = *state_->iterator;
  Position known = position;  // [position, known) cannot be read
  for (;;) {
    Piece piece;
    switch (Look(piece)) {
      case Sight::kBlock:
        return piece.begin > position ? Gap(position, piece.begin) : Take(piece);
      case Sight::kHeaderOnly:
        iterator.Next();
        break;
      case Sight::kNothing:
        return Gap(position, end_);
      case Sight::kError:
        return Fail(ToError(iterator.status()));
      case Sight::kDamage: {
        auto rescued = Rescue(known);
        if (!rescued) return rescued;
        if (rescued->readable) {
          if (position < rescued->begin) return Gap(position, rescued->begin);
          next_ = rescued->end;
          rescued_ = true;
          return rescued;
        }
        known = rescued->end;
        if (known >= end_) return Gap(position, end_);
        iterator.Seek(BlockKey(log_number_, known));
        break;
      }
    }
  }
}

Piece BlockCursor::Take(Piece piece) {
  next_ = piece.end;
  taken_ = true;
  return piece;
}

Piece BlockCursor::Gap(Position begin, Position end) {
  next_ = end;
  Piece gap;
  gap.begin = begin;
  gap.end = end;
  return gap;
}

Result<Piece> BlockCursor::Rescue(Position position) {
  const std::optional<Piece> extents = ExtentsFromOther(position);
  Piece gap;
  gap.begin = position;
  if (!extents) {
    gap.end = ProbeBehind(position);
    return gap;
  }
  if (!extents->readable) return *extents;
  if (family_ == Family::kIndex) return *extents;
  return GetBlock(*extents, position);
}

std::optional<Piece> BlockCursor::ExtentsFromOther(Position position) {
  const Family other = family_ == Family::kBlocks ? Family::kIndex : Family::kBlocks;
  const std::unique_ptr<rocksdb::Iterator> iterator(
      database_.db().NewIterator(state_->options, database_.family(other)));
  Piece piece;
  const auto look = [&] {
    uint64_t log_number = 0;
    if (!iterator->Valid()) return iterator->status().ok();
    std::string_view value = View(iterator->value());
    if (!ParseBlockKey(View(iterator->key()), log_number, piece.begin) ||
        !TakeBlockHeader(value, piece.header)) {
      return false;
    }
    piece.end = piece.begin + piece.header.count;
    piece.readable = !piece.header.lost;
    return true;
  };
  iterator->SeekForPrev(BlockKey(log_number_, position));
  if (!look()) return std::nullopt;
  if (iterator->Valid() && piece.end > position) {
    if (!piece.readable) piece.begin = position;
    return piece;
  }
  // No block holds it: a gap up to the next one.
  iterator->Seek(BlockKey(log_number_, position));
  if (!look()) return std::nullopt;
  Piece gap;
  gap.begin = position;
  gap.end = iterator->Valid() ? std::min(piece.begin, end_) : end_;
  return gap;
}

Result<Piece> BlockCursor::GetBlock(const Piece& extents, Position position) {
  Piece gap;
  gap.begin = position;
  gap.end = extents.end;
  state_->rescued.Reset();
  const rocksdb::Status status =
      database_.db().Get(state_->options, database_.family(Family::kBlocks),
                         BlockKey(log_number_, extents.begin), &state_->rescued);
  if (!status.ok()) {
    if (!IsDamage(status) && !status.IsNotFound()) return Fail(ToError(status));
    return gap;
  }
  Piece piece = extents;
  std::string_view value = View(state_->rescued);
  if (!TakeBlockHeader(value, piece.header) || value.size() != piece.header.encoded_bytes) {
    return gap;
  }
  piece.entries = value;
  return piece;
}

Position BlockCursor::ProbeBehind(Position position) {
  // Damage in both families: look for anything readable, in growing steps.
  rocksdb::Iterator& iterator = *state_->iterator;
  for (uint64_t step = 1; step < end_ - position; step *= 2) {
    iterator.Seek(BlockKey(log_number_, position + step));
    Piece piece;
    const Sight sight = Look(piece);
    if (sight == Sight::kNothing) return end_;
    if (sight == Sight::kBlock || sight == Sight::kHeaderOnly) return piece.begin;
  }
  return end_;
}

Result<std::optional<Piece>> BlockCursor::Last() {
  state_->iterator->SeekForPrev(BlockKey(log_number_, UINT64_MAX));
  Piece piece;
  switch (Look(piece)) {
    case Sight::kBlock:
    case Sight::kHeaderOnly:
      return piece;
    case Sight::kNothing:
      return std::nullopt;
    default:
      break;
  }
  const rocksdb::Status status = state_->iterator->status();
  if (status.ok()) return Fail(ErrorCode::kCorrupt, "a block's header is damaged");
  return Fail(ToError(status));
}

}  // namespace tailrace::rocks
