#include "store/rocksdb/reader.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <limits>

#include "store/list_filter.h"
#include "store/rocksdb/block_cursor.h"
#include "store/rocksdb/log_table.h"

namespace tailrace::rocks {
namespace {

std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

/// Where the log's blocks end and its tail begins.
Position SettledEnd(const LogInfo& info, const Tail& tail) {
  return tail.empty() ? info.position : tail.front().chunk->begin;
}

ReadItem MakeItem(const Piece& piece) {
  ReadItem item;
  item.begin = piece.begin;
  item.end = piece.end;
  item.cause = GapCause::kDamaged;
  if (!piece.readable) return item;
  auto chunk = std::make_shared<Chunk>();
  chunk->begin = piece.begin;
  chunk->end = piece.end;
  chunk->encoded = piece.entries;
  chunk->text_offset = piece.header.text_offset;
  item.text_end = piece.TextEnd();
  item.chunk = std::move(chunk);
  return item;
}

/// The piece of the index behind whose text's start `offset` lies: bisects [first, position).
Result<Position> Bisect(Database& database, const LogState& log, uint64_t offset) {
  BlockCursor index(database, Family::kIndex, log.info.number, log.info.position);
  Position low = log.info.first;  // the wanted block does not begin before it
  Position high = log.info.position;
  while (low < high) {
    const Position middle = low + (high - low) / 2;
    auto piece = index.Find(middle);
    if (!piece) return Fail(std::move(piece.error()));
    // Of a gap only its end is known: the text behind it says on which side to go on.
    const Position gap_begin = piece->begin;
    if (!piece->readable && piece->end < log.info.position) {
      auto behind = index.Next();
      if (!behind) return Fail(std::move(behind.error()));
      if (offset >= behind->header.text_offset) {
        piece = std::move(behind);
      } else {
        high = gap_begin;
        continue;
      }
    } else if (!piece->readable) {
      high = gap_begin;
      continue;
    }
    if (offset < piece->header.text_offset) {
      high = piece->begin;
    } else if (offset >= piece->TextEnd()) {
      low = piece->end;
    } else {
      return std::max(piece->begin, log.info.first);
    }
  }
  return low;
}

}  // namespace

Result<LogState> Reader::Load(const LogKey& key, Tail* tail) {
  auto loaded = LoadLog(database_, &unsettled_, key, tail);
  if (!loaded) return Fail(std::move(loaded.error()));
  if (!*loaded) return Fail(ErrorCode::kNotFound, "there is no log " + key.Path());
  return std::move(**loaded);
}

Result<LogInfo> Reader::Stat(const LogKey& key) {
  auto log = Load(key);
  if (!log) return Fail(std::move(log.error()));
  return std::move(log->info);
}

Result<std::optional<Memo>> Reader::ReadMemo(const LogKey& key) {
  const auto log = Load(key);
  if (!log) return Fail(log.error());
  return LoadMemo(database_, log->info.number);
}

Result<bool> Reader::ReadItems(ReadAnswer& answer, const Tail& tail, Position from,
                               size_t max_bytes) {
  const LogInfo& info = answer.info;
  if (from >= info.position) return false;
  if (from < info.first) {
    answer.items.push_back({from, info.first, nullptr, GapCause::kRetention});
    from = info.first;
  }
  if (from == info.position) return false;
  size_t bytes = 0;
  const auto enough = [&] { return bytes > 0 && bytes >= max_bytes; };
  bool damaged = false;
  const Position settled_end = SettledEnd(info, tail);
  if (from < settled_end) {
    BlockCursor blocks(database_, Family::kBlocks, info.number, settled_end);
    auto piece = blocks.Find(from);
    for (;;) {
      if (!piece) return Fail(std::move(piece.error()));
      damaged |= !piece->readable;
      answer.items.push_back(MakeItem(*piece));
      bytes += piece->entries.size();
      if (piece->end >= settled_end || enough()) break;
      piece = blocks.Next();
    }
  }
  for (const TailPiece& piece : tail) {
    if (enough()) break;
    if (piece.chunk->end <= from) continue;
    answer.items.push_back({.begin = piece.chunk->begin,
                            .end = piece.chunk->end,
                            .chunk = piece.chunk,
                            .text_end = piece.header.text_offset + piece.header.text_bytes});
    bytes += piece.chunk->encoded.size();
  }
  return damaged;
}

Result<ReadAnswer> Reader::Read(const LogKey& key, Position from, size_t max_bytes) {
  for (;;) {
    Tail tail;
    auto log = Load(key, &tail);
    if (!log) return Fail(std::move(log.error()));
    ReadAnswer answer{std::move(log->info), {}};
    const auto damaged = ReadItems(answer, tail, from, max_bytes);
    if (!damaged) return Fail(damaged.error());
    // Blocks that are there never change, so an answer without gaps is right in any case.
    if (*damaged && HasShrunk(database_, answer.info)) continue;
    if (*damaged) CountDamage();
    return answer;
  }
}

Result<Position> Reader::FindTextOffset(const LogKey& key, uint64_t offset) {
  for (;;) {
    Tail tail;
    auto log = Load(key, &tail);
    if (!log) return Fail(std::move(log.error()));
    if (offset < log->TextFirst()) return Position{0};
    if (offset >= log->text_end) return log->info.position;
    const auto piece = std::ranges::find_if(tail, [offset](const TailPiece& p) {
      return offset < p.header.text_offset + p.header.text_bytes;
    });
    if (piece != tail.end() && offset >= piece->header.text_offset) return piece->chunk->begin;
    log->info.position = SettledEnd(log->info, tail);
    auto found = Bisect(database_, *log, offset);
    if (!found || !HasShrunk(database_, log->info)) return found;
  }
}

Result<ListAnswer> Reader::List(const ListQuery& query) {
  const auto start = ListStart(query);
  if (!start) return Fail(start.error());
  const std::unique_ptr<rocksdb::Iterator> list(
      database_.db().NewIterator({}, database_.family(Family::kList)));
  ListAnswer answer;
  size_t scanned = 0;
  for (list->Seek(ListKey(*start == 0 ? 0 : *start - 1)); list->Valid(); list->Next()) {
    if (answer.logs.size() == query.limit || scanned == kMaxListScan) return answer;
    ++scanned;
    uint64_t number = 0;
    const auto key = ParseLogKey(View(list->value()));
    if (!ParseListKey(View(list->key()), number) || !key) continue;
    answer.next = ListToken(number);
    if (query.type && *query.type != key->type) continue;
    auto log = LoadLog(database_, &unsettled_, *key);
    if (!log && log.error().code != ErrorCode::kCorrupt) return Fail(std::move(log.error()));
    if (!log) CountDamage();
    if (!log || !*log || (*log)->info.number != number) continue;
    if (MatchesQuery(query, (*log)->info)) answer.logs.push_back(std::move((*log)->info));
  }
  if (!list->status().ok()) return Fail(ToError(list->status()));
  answer.next.clear();
  return answer;
}

Result<void> Inventory::ForEachLog(const std::function<void(const LogState&)>& visit) {
  const std::unique_ptr<rocksdb::Iterator> list(
      database_.db().NewIterator({}, database_.family(Family::kList)));
  for (list->SeekToFirst(); list->Valid(); list->Next()) {
    const auto key = ParseLogKey(View(list->value()));
    if (!key) continue;
    const auto log = LoadLog(database_, &unsettled_, *key);
    if (!log && log.error().code != ErrorCode::kCorrupt) return Fail(log.error());
    if (log && *log) visit(**log);
  }
  if (!list->status().ok()) return Fail(ToError(list->status()));
  return {};
}

Result<void> Inventory::ForEachBlock(const LogState& log,
                                     const std::function<bool(const BlockFacts&)>& visit) {
  // Copied first: what is settled meanwhile is then passed over in the index.
  const Tail tail = unsettled_.TailOf(log.info.number);
  const Position settled_end = std::min(SettledEnd(log.info, tail), log.info.position);
  if (log.info.first < settled_end) {
    BlockCursor index(database_, Family::kIndex, log.info.number, settled_end);
    auto piece = index.Find(log.info.first);
    for (;;) {
      if (!piece) return Fail(std::move(piece.error()));
      // What is lost goes with the block behind it.
      if (piece->readable) {
        const BlockFacts facts{piece->begin, piece->end, piece->TextEnd(), piece->EncodedEnd(),
                               piece->header.time};
        if (!visit(facts)) return {};
      }
      if (piece->end >= settled_end) break;
      piece = index.Next();
    }
  }
  for (const TailPiece& piece : tail) {
    if (piece.chunk->end <= log.info.first) continue;
    if (piece.chunk->end > log.info.position) break;
    const BlockHeader& header = piece.header;
    const BlockFacts facts{piece.chunk->begin, piece.chunk->end,
                           header.text_offset + header.text_bytes,
                           header.encoded_offset + header.encoded_bytes, header.time};
    if (!visit(facts)) return {};
  }
  return {};
}

}  // namespace tailrace::rocks
