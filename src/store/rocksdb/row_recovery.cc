#include "store/rocksdb/row_recovery.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "store/rocksdb/block_cursor.h"
#include "store/rocksdb/log_table.h"
#include "store/rocksdb/writer.h"

namespace tailrace::rocks {
namespace {

void Must(const rocksdb::Status& status) {
  CHECK(status.ok());
}

using Rows = std::map<std::string, std::string>;  // by key

/// All rows of a family. False: there may be more that cannot be read.
Result<bool> ReadFamily(Database& database, Family family, Rows& rows) {
  const std::unique_ptr<rocksdb::Iterator> all(
      database.db().NewIterator({}, database.family(family)));
  for (all->SeekToFirst(); all->Valid(); all->Next()) {
    rows.emplace(all->key().ToString(), all->value().ToString());
  }
  if (all->status().ok()) return true;
  if (!IsDamage(all->status())) return Fail(ToError(all->status()));
  return false;
}

/// Rows that the iterator did not reach because of its damage, one by one.
Result<void> FetchMissing(Database& database, const Rows& extents, Rows& rows) {
  for (const auto& [key, value] : extents) {
    if (rows.contains(key)) continue;
    std::string row;
    const auto status = database.db().Get({}, database.family(Family::kRows), key, &row);
    if (status.ok()) rows.emplace(key, std::move(row));
    if (!status.ok() && !status.IsNotFound() && !IsDamage(status)) return Fail(ToError(status));
  }
  return {};
}

bool AddPieces(RowsFound& found, std::string_view row, bool with_entries) {
  std::vector<std::pair<uint64_t, RowsFound::Piece>> pieces;
  const bool whole = ForEachPiece(row, with_entries, [&](const RowPiece& piece) {
    RowsFound::Piece& added = pieces.emplace_back(piece.log_number, RowsFound::Piece()).second;
    added.begin = piece.begin;
    added.header = piece.header;
    added.header.lost = !with_entries;
    added.entries = piece.entries;
  });
  if (!whole) return false;
  for (auto& [number, piece] : pieces) found.logs[number].push_back(std::move(piece));
  return true;
}

/// A log as its blocks say; nothing: it is not listed, or another one has its name now.
Result<std::optional<LogState>> LoadByNumber(Database& database, uint64_t log_number) {
  std::string path;
  const rocksdb::Status listed =
      database.db().Get({}, database.family(Family::kList), ListKey(log_number), &path);
  if (!listed.ok() && !listed.IsNotFound() && !IsDamage(listed)) return Fail(ToError(listed));
  const auto key = ParseLogKey(path);
  if (!listed.ok() || !key) return std::nullopt;
  auto log = LoadLog(database, nullptr, *key);
  if (!log && log.error().code != ErrorCode::kCorrupt) return Fail(std::move(log.error()));
  if (!log) return LogState();  // its metadata are damaged; the entries stay with it
  if (*log && (*log)->info.number != log_number) return std::nullopt;
  return log;
}

/// The pieces that belong into the log and are not in it.
Result<Tail> Missing(Database& database, uint64_t number, const LogState& log,
                     const std::vector<RowsFound::Piece>& pieces) {
  Tail missing;
  BlockCursor index(database, Family::kIndex, number, log.info.position);
  for (const RowsFound::Piece& piece : pieces) {
    if (piece.begin < log.info.first) continue;
    if (piece.begin < log.info.position) {
      const auto there = index.Find(piece.begin);
      if (!there) return Fail(there.error());
      if (there->readable) continue;
    }
    auto chunk = std::make_shared<Chunk>();
    chunk->begin = piece.begin;
    chunk->end = piece.begin + piece.header.count;
    chunk->encoded = piece.entries;
    missing.push_back({piece.header, std::move(chunk)});
  }
  return missing;
}

}  // namespace

Result<RowsFound> ReadRows(Database& database) {
  Rows rows;
  Rows extents;
  const auto rows_whole = ReadFamily(database, Family::kRows, rows);
  if (!rows_whole) return Fail(rows_whole.error());
  const auto extents_whole = ReadFamily(database, Family::kRowExtents, extents);
  if (!extents_whole) return Fail(extents_whole.error());
  RowsFound found;
  if (!*rows_whole) {
    if (auto fetched = FetchMissing(database, extents, rows); !fetched)
      return Fail(fetched.error());
    found.damaged = true;
    found.unknown = !*extents_whole;
  }
  Rows all = rows;
  all.insert(extents.begin(), extents.end());
  for (const auto& [key, value] : all) {
    found.keys.push_back(key);
    const auto row = rows.find(key);
    if (row != rows.end() && AddPieces(found, row->second, true)) continue;
    found.damaged = true;
    const auto copy = extents.find(key);
    if (copy == extents.end() || !AddPieces(found, copy->second, false)) found.unknown = true;
  }
  return found;
}

void ListRows(const RowsFound& rows, Unsettled& unsettled) {
  for (const auto& [number, pieces] : rows.logs) {
    for (const RowsFound::Piece& piece : pieces) {
      auto chunk = std::make_shared<Chunk>();
      chunk->begin = piece.begin;
      chunk->end = piece.begin + piece.header.count;
      unsettled.Add(number, {piece.header, std::move(chunk)});
    }
  }
}

Result<void> SettleRows(Database& database, const RowsFound& rows, uint64_t block_bytes,
                        const std::function<bool(uint64_t log_number)>& wanted) {
  if (rows.keys.empty() && !rows.damaged) return {};
  rocksdb::WriteBatch batch;
  for (const auto& [number, pieces] : rows.logs) {
    const auto log = LoadByNumber(database, number);
    if (!log) return Fail(log.error());
    if (!*log && !wanted(number)) continue;
    const auto missing = Missing(database, number, log->value_or(LogState()), pieces);
    if (!missing) return Fail(missing.error());
    ForEachBlockOf(*missing, block_bytes, true,
                   [&](Position begin, const BlockHeader& header, std::string_view entries) {
                     PutBlock(batch, database, number, begin, header, entries);
                   });
  }
  for (const Family family : {Family::kRows, Family::kRowExtents}) {
    for (const std::string& key : rows.keys) Must(batch.Delete(database.family(family), key));
  }
  rocksdb::WriteOptions options;
  options.sync = rows.damaged;
  const rocksdb::Status status = database.db().Write(options, &batch);
  if (!status.ok()) return Fail(ToError(status));
  if (!rows.damaged) return {};
  // What cannot be read cannot be deleted by its key either, and would be found again.
  for (const Family family : {Family::kRows, Family::kRowExtents}) {
    if (auto fresh = database.Recreate(family); !fresh) return fresh;
  }
  return {};
}

}  // namespace tailrace::rocks
