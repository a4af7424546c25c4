#include "store/rocksdb/writer.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "base/check.h"
#include "store/rocksdb/block_cursor.h"
#include "store/rocksdb/format.h"
#include "store/rocksdb/log_table.h"

namespace tailrace::rocks {
namespace {

constexpr size_t kProducerCacheBytes = 8 << 20;
/// A batch that has grown larger gives its memory back.
constexpr size_t kKeptBatchBytes = 4 << 20;
constexpr uint64_t kGarbageBytes = 64 << 20;
/// What a commit brings of one log goes into the commit's row if it is smaller, else into a block.
constexpr uint64_t kSmallBytes = 4 << 10;

void Must(const rocksdb::Status& status) {
  CHECK(status.ok());
}  // batches are memory only

bool IsSmall(const LogDraft& draft) {
  return draft.chunks.size() == 1 && draft.chunks[0]->encoded.size() < kSmallBytes;
}

bool MovesFirst(const LogDraft& draft) {
  return draft.before && draft.state.info.first != draft.before->first;
}

}  // namespace

Writer::Writer(Database& database, Unsettled& unsettled, const StoreOptions& options,
               const CommitRecord& last, CommittedFile committed)
    : database_(database),
      unsettled_(unsettled),
      options_(options),
      trail_(last),
      committed_(std::move(committed)),
      compression_(database),
      batch_(std::make_unique<rocksdb::WriteBatch>()),
      producers_(kProducerCacheBytes) {}

Writer::~Writer() = default;

Result<std::optional<LogState>> Writer::LoadLog(const LogKey& key) {
  return rocks::LoadLog(database_, &unsettled_, key);
}

Result<std::optional<uint64_t>> Writer::LoadProducer(const LogState& log, const std::string& name) {
  const std::string key = ProducerKey(log.info.number, name);
  if (const uint64_t* cached = producers_.Find(key)) return *cached;
  return rocks::LoadProducer(database_, log.info.number, name);
}

void PutBlock(rocksdb::WriteBatch& batch, const Database& database, uint64_t log_number,
              Position begin, const BlockHeader& header, std::string_view entries) {
  const std::string key = BlockKey(log_number, begin);
  std::string head;
  AppendBlockHeader(head, header);
  const rocksdb::Slice key_slice = key;
  const std::array<rocksdb::Slice, 2> value = {rocksdb::Slice(head), rocksdb::Slice(entries)};
  Must(batch.Put(database.family(Family::kBlocks), rocksdb::SliceParts(&key_slice, 1),
                 rocksdb::SliceParts(value.data(), value.size())));
  Must(batch.Put(database.family(Family::kIndex), key, head));
}

Result<bool> Writer::IsBorder(const LogState& log, Position position) {
  if (position == log.info.position) return true;
  const Tail tail = unsettled_.TailOf(log.info.number);
  if (!tail.empty() && position >= tail.front().chunk->begin) {
    return position == tail.back().chunk->end ||
           std::ranges::any_of(
               tail, [position](const TailPiece& piece) { return piece.chunk->begin == position; });
  }
  const Position end = tail.empty() ? log.info.position : tail.front().chunk->begin;
  auto piece = BlockCursor(database_, Family::kIndex, log.info.number, end).Find(position);
  if (!piece) return Fail(std::move(piece.error()));
  return piece->begin == position;
}

bool Writer::MustSettle(const CommitPlan& plan) const {
  if (unsettled_.IsFull()) return true;
  // What is in memory of a log lies behind its blocks.
  return std::ranges::any_of(plan.drafts, [this](const LogDraft& draft) {
    return !draft.chunks.empty() && !IsSmall(draft) && unsettled_.Has(draft.state.info.number);
  });
}

void Writer::AddSettled(rocksdb::WriteBatch& batch, const CommitPlan& plan) {
  // A cut by retention was decided by the pieces as they are.
  const bool join = std::ranges::none_of(plan.drafts, MovesFirst);
  unsettled_.ForEach([&](uint64_t number, const Tail& tail) {
    ForEachBlockOf(tail, options_.block_bytes, join,
                   [&](Position begin, const BlockHeader& header, std::string_view entries) {
                     PutBlock(batch, database_, number, begin, header, entries);
                   });
  });
  // One by one: RocksDB 7.8 fails an assertion over range deletions in a table that is damaged.
  for (const Family family : {Family::kRows, Family::kRowExtents}) {
    for (const std::string& key : rows_) Must(batch.Delete(database_.family(family), key));
  }
}

void Writer::AddBlocks(rocksdb::WriteBatch& batch, const LogDraft& draft, RowBuilder& row) {
  const LogState& after = draft.state;
  const uint64_t number = after.info.number;
  uint64_t encoded_offset = draft.before ? draft.before->encoded_end : 0;
  for (size_t i = 0; i < draft.chunks.size(); ++i) {
    const Chunk& chunk = *draft.chunks[i];
    const bool last = i + 1 == draft.chunks.size();
    const uint64_t text_end = last ? after.text_end : draft.chunks[i + 1]->text_offset;
    BlockHeader header;
    header.count = chunk.end - chunk.begin;
    header.text_offset = chunk.text_offset;
    header.text_bytes = text_end - chunk.text_offset;
    header.encoded_offset = encoded_offset;
    header.encoded_bytes = chunk.encoded.size();
    header.time = after.info.updated;
    encoded_offset += header.encoded_bytes;
    if (IsSmall(draft)) {
      row.Add({number, chunk.begin, header, chunk.encoded});
      small_.emplace_back(number, TailPiece{header, draft.chunks[i]});
    } else {
      PutBlock(batch, database_, number, chunk.begin, header, chunk.encoded);
    }
  }
}

void Writer::AddDraft(rocksdb::WriteBatch& batch, const LogDraft& draft, RowBuilder& row) {
  const LogState& after = draft.state;
  const uint64_t number = after.info.number;
  AddBlocks(batch, draft, row);
  if (draft.record)
    Must(batch.Put(database_.family(Family::kLogs), after.info.key.Path(), EncodeLog(after)));
  if (draft.Created()) {
    Must(batch.Put(database_.family(Family::kList), ListKey(number), after.info.key.Path()));
  }
  for (const auto& [name, count] : draft.producers) {
    Must(batch.Put(database_.family(Family::kProducers), ProducerKey(number, name),
                   EncodeCount(count)));
  }
  if (draft.memo) {
    Must(batch.Put(database_.family(Family::kProducers), MemoKey(number), EncodeMemo(*draft.memo)));
  }
  if (!MovesFirst(draft)) return;
  const std::string to = BlockKey(number, after.info.first);
  for (const Family family : {Family::kBlocks, Family::kIndex}) {
    Must(batch.DeleteRange(database_.family(family), LogPrefix(number), to));
  }
}

void Writer::AddRemoval(rocksdb::WriteBatch& batch, const LogState& log) {
  const uint64_t number = log.info.number;
  Must(batch.Delete(database_.family(Family::kLogs), log.info.key.Path()));
  Must(batch.Delete(database_.family(Family::kList), ListKey(number)));
  if (log.info.position > log.info.first) {
    for (const Family family : {Family::kBlocks, Family::kIndex}) {
      Must(batch.DeleteRange(database_.family(family), LogPrefix(number), LogPrefix(number + 1)));
    }
  }
  if (log.producers > 0) {
    Must(batch.DeleteRange(database_.family(Family::kProducers), LogPrefix(number),
                           LogPrefix(number + 1)));
  }
}

Result<void> Writer::Write(const CommitPlan& plan) {
  const CommitRecord& commit = trail_.Next(plan);
  const std::string record = EncodeCommitRecord(commit);
  const std::string row_key = RowKey(commit.number);
  rocksdb::WriteBatch& batch = *batch_;
  batch.Clear();
  small_.clear();
  Must(batch.Put(database_.family(Family::kCommits), kCommitKey, record));
  const bool settles = MustSettle(plan);
  if (settles) AddSettled(batch, plan);
  RowBuilder row;
  for (const LogDraft& draft : plan.drafts) {
    if (draft.removed) {
      AddRemoval(batch, draft.state);
    } else {
      AddDraft(batch, draft, row);
    }
  }
  if (!row.Empty()) {
    Must(batch.Put(database_.family(Family::kRows), row_key, row.row()));
    Must(batch.Put(database_.family(Family::kRowExtents), row_key, row.extents()));
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = database_.db().Write(options, &batch);
  if (!status.ok()) return Fail(ToError(status));
  committed_.Write(record);
  compression_.Written(batch.GetDataSize());
  if (settles) rows_.clear();
  if (!row.Empty()) rows_.push_back(row_key);
  RememberTails(plan, settles);
  Remember(plan);
  if (batch.GetDataSize() > kKeptBatchBytes) batch_ = std::make_unique<rocksdb::WriteBatch>();
  return {};
}

void Writer::RememberTails(const CommitPlan& plan, bool settled) {
  if (settled) unsettled_.Clear();
  for (const LogDraft& draft : plan.drafts) {
    if (draft.removed) unsettled_.Drop(draft.state.info.number);
    if (MovesFirst(draft)) unsettled_.CutBefore(draft.state.info.number, draft.state.info.first);
  }
  unsettled_.Add(small_);
  small_.clear();
}

bool Writer::TakeGarbage() {
  if (garbage_bytes_.load(std::memory_order_relaxed) < kGarbageBytes) return false;
  garbage_bytes_.store(0, std::memory_order_relaxed);
  return true;
}

void Writer::Remember(const CommitPlan& plan) {
  for (const LogDraft& draft : plan.drafts) {
    const LogState& state = draft.state;
    const uint64_t before = draft.before ? draft.before->encoded_first : 0;
    const uint64_t gone = draft.removed ? state.StoredBytes() : state.encoded_first - before;
    garbage_bytes_.fetch_add(gone, std::memory_order_relaxed);
    if (draft.removed) continue;
    for (const auto& [name, count] : draft.producers) {
      std::string key = ProducerKey(state.info.number, name);
      const size_t cost = 128 + key.size();
      producers_.Put(key, count, cost);
    }
  }
}

}  // namespace tailrace::rocks
