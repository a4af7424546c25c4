#include "store/rocksdb/log_table.h"

#include <rocksdb/db.h>

#include "store/rocksdb/block_cursor.h"
#include "store/rocksdb/format.h"

namespace tailrace::rocks {
namespace {

std::unexpected<Error> Damaged(const LogKey& key, const std::string& what) {
  return Fail(ErrorCode::kCorrupt, "log " + key.Path() + ": " + what + " is damaged");
}

Result<std::optional<Piece>> LastBlock(Database& database, const rocksdb::Snapshot* snapshot,
                                       uint64_t log_number) {
  BlockCursor index(database, snapshot, Family::kIndex, log_number, UINT64_MAX);
  auto last = index.Last();
  if (last || last.error().code != ErrorCode::kCorrupt) return last;
  return BlockCursor(database, snapshot, Family::kBlocks, log_number, UINT64_MAX).Last();
}

}  // namespace

Result<std::optional<LogState>> LoadLog(Database& database, const rocksdb::Snapshot* snapshot,
                                        const LogKey& key) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  rocksdb::PinnableSlice value;
  const rocksdb::Status status =
      database.db().Get(options, database.family(Family::kLogs), key.Path(), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) {
    if (IsDamage(status)) return Damaged(key, "its record");
    return Fail(ToError(status));
  }
  LogState state;
  state.info.key = key;
  if (!DecodeLog({value.data(), value.size()}, state)) return Damaged(key, "its record");
  const auto last = LastBlock(database, snapshot, state.info.number);
  if (!last) {
    if (last.error().code == ErrorCode::kCorrupt) return Damaged(key, "its last block");
    return Fail(last.error());
  }
  if (!*last || (*last)->end <= state.info.first) return state;
  const uint64_t text_first = state.text_end;
  state.info.position = (*last)->end;
  state.text_end = (*last)->TextEnd();
  state.encoded_end = (*last)->EncodedEnd();
  state.info.bytes = state.text_end - text_first;
  state.info.updated = std::max(state.info.updated, (*last)->header.time);
  return state;
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

}  // namespace tailrace::rocks
