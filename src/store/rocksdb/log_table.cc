#include "store/rocksdb/log_table.h"

#include <rocksdb/db.h>

#include "store/rocksdb/block_cursor.h"
#include "store/rocksdb/format.h"

namespace tailrace::rocks {
namespace {

std::unexpected<Error> Damaged(const LogKey& key, const std::string& what) {
  return Fail(ErrorCode::kCorrupt, "log " + key.Path() + ": " + what + " is damaged");
}

Result<std::optional<Piece>> LastBlock(Database& database, uint64_t log_number) {
  auto last = BlockCursor(database, Family::kIndex, log_number, UINT64_MAX).Last();
  if (last || last.error().code != ErrorCode::kCorrupt) return last;
  return BlockCursor(database, Family::kBlocks, log_number, UINT64_MAX).Last();
}

rocksdb::Status GetRecord(Database& database, const LogKey& key, std::string& record) {
  return database.db().Get({}, database.family(Family::kLogs), key.Path(), &record);
}

void AddLastBlock(LogState& state, const Piece& last) {
  if (last.end <= state.info.first) return;
  const uint64_t text_first = state.text_end;
  state.info.position = last.end;
  state.text_end = last.TextEnd();
  state.encoded_end = last.EncodedEnd();
  state.info.bytes = state.text_end - text_first;
  state.info.updated = std::max(state.info.updated, last.header.time);
}

/// `tail` was copied before the blocks were looked at. What is settled by now is taken off it.
void AddTail(LogState& state, Tail& tail) {
  std::erase_if(tail, [&](const TailPiece& p) { return p.chunk->begin < state.info.position; });
  if (tail.empty()) return;
  const uint64_t text_first = state.TextFirst();
  const BlockHeader& last = tail.back().header;
  state.info.position = tail.back().chunk->end;
  state.text_end = last.text_offset + last.text_bytes;
  state.encoded_end = last.encoded_offset + last.encoded_bytes;
  state.info.bytes = state.text_end - text_first;
  state.info.updated = std::max(state.info.updated, last.time);
}

}  // namespace

Result<std::optional<LogState>> LoadLog(Database& database, const Unsettled* unsettled,
                                        const LogKey& key, Tail* tail) {
  std::string record;
  rocksdb::Status status = GetRecord(database, key, record);
  for (;;) {
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) {
      if (IsDamage(status)) return Damaged(key, "its record");
      return Fail(ToError(status));
    }
    LogState state;
    state.info.key = key;
    if (!DecodeLog(record, state)) return Damaged(key, "its record");
    Tail end = unsettled != nullptr ? unsettled->TailOf(state.info.number) : Tail();
    const auto last = LastBlock(database, state.info.number);
    if (!last) {
      if (last.error().code == ErrorCode::kCorrupt) return Damaged(key, "its last block");
      return Fail(last.error());
    }
    // Read without a snapshot, whose release would make RocksDB rewrite files: if the log was
    // removed or cut between the two reads, they do not belong together.
    std::string now;
    status = GetRecord(database, key, now);
    if (status.ok() && now == record) {
      if (*last) AddLastBlock(state, **last);
      AddTail(state, end);
      if (tail != nullptr) *tail = std::move(end);
      return state;
    }
    record = std::move(now);
  }
}

bool HasShrunk(Database& database, const LogInfo& log) {
  std::string record;
  const rocksdb::Status status = GetRecord(database, log.key, record);
  if (status.IsNotFound()) return true;
  LogState now;
  if (!status.ok() || !DecodeLog(record, now)) return false;
  return now.info.number != log.number || now.info.first != log.first;
}

Result<std::optional<uint64_t>> LoadProducer(Database& database, uint64_t log_number,
                                             const std::string& name) {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = database.db().Get({}, database.family(Family::kProducers),
                                                   ProducerKey(log_number, name), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return Fail(ToError(status));
  uint64_t count = 0;
  if (!DecodeCount({value.data(), value.size()}, count)) {
    return Fail(ErrorCode::kCorrupt, "the count of producer " + name + " is damaged");
  }
  return count;
}

Result<std::optional<Memo>> LoadMemo(Database& database, uint64_t log_number) {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status =
      database.db().Get({}, database.family(Family::kProducers), MemoKey(log_number), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return Fail(ToError(status));
  Memo memo;
  if (!DecodeMemo({value.data(), value.size()}, memo)) {
    return Fail(ErrorCode::kCorrupt,
                "the memo of log number " + std::to_string(log_number) + " is damaged");
  }
  return memo;
}

}  // namespace tailrace::rocks
