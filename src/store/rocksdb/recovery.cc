#include "store/rocksdb/recovery.h"

#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "base/check.h"
#include "store/rocksdb/format.h"
#include "store/rocksdb/log_table.h"
#include "store/rocksdb/row_recovery.h"
#include "store/rocksdb/writer.h"

namespace tailrace::rocks {
namespace {

/// If nothing says which numbers were given, so many are left out.
constexpr uint64_t kNumbersSkipped = 1'000'000;
/// The same for positions: more than the entries of all rows that there can be, which are bounded
/// by unsettled_limit_bytes and by what one commit brings.
constexpr uint64_t kPositionsSkipped = 10'000'000;

std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

void Must(const rocksdb::Status& status) {
  CHECK(status.ok());
}

/// Takes the commit's record, which is the first operation of a batch.
class RecordFinder final : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(uint32_t family, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    done_ = true;
    CommitRecord record;
    if (family == 0 && View(key) == kCommitKey && DecodeCommitRecord(View(value), record)) {
      found_ = std::move(record);
    }
    return rocksdb::Status::OK();
  }
  bool Continue() override { return !done_; }
  const std::optional<CommitRecord>& found() const { return found_; }

 private:
  bool done_ = false;
  std::optional<CommitRecord> found_;
};

LogState NewState(const LogTrace& trace) {
  LogState state;
  state.info.key = trace.birth->key;
  state.info.number = trace.number;
  state.info.incarnation = trace.birth->incarnation;
  state.info.created = trace.birth->created;
  state.info.updated = trace.birth->created;
  return state;
}

/// [state position, position) of the log is lost. Moves the state behind it.
void PutLost(rocksdb::WriteBatch& batch, const Database& database, LogState& state,
             const LogTrace& trace) {
  BlockHeader header;
  header.lost = true;
  header.count = trace.position - state.info.position;
  header.text_offset = state.text_end;
  header.text_bytes = trace.text_end - state.text_end;
  header.encoded_offset = state.encoded_end;
  header.encoded_bytes = trace.encoded_end - state.encoded_end;
  header.time = std::max(state.info.updated, trace.updated);
  PutBlock(batch, database, state.info.number, state.info.position, header, {});
  state.info.bytes += header.text_bytes;
  state.info.position = trace.position;
  state.text_end = trace.text_end;
  state.encoded_end = trace.encoded_end;
  state.info.updated = header.time;
}

}  // namespace

void Recovery::SeeLogged(const rocksdb::WriteBatch& batch) {
  RecordFinder finder;
  if (!batch.Iterate(&finder).ok() || !finder.found()) return;
  See(*finder.found());
  if (!first_) first_ = last_;
}

void Recovery::See(const CommitRecord& record) {
  if (last_ && record.told_from > last_->number + 1 && record.entries_untold > last_->entries) {
    untold_entries_ += record.entries_untold - last_->entries;
  }
  for (const LogTrace& trace : record.traces) {
    auto [known, fresh] = traces_.try_emplace(trace.number, trace);
    if (fresh || known->second.commit > trace.commit) continue;
    auto birth = std::move(known->second.birth);
    known->second = trace;
    if (!known->second.birth) known->second.birth = std::move(birth);
  }
  if (last_ && last_->number >= record.number) return;
  last_ = record;
  last_->traces.clear();
}

void Recovery::CheckFront(Database& database) {
  if (!first_) return;
  CommitRecord flushed;
  std::vector<rocksdb::LiveFileMetaData> files;
  database.db().GetLiveFilesMetaData(&files);
  for (const auto& file : files) {
    if (file.column_family_name != rocksdb::kDefaultColumnFamilyName) continue;
    rocksdb::Options options;
    options.env = database.db().GetEnv();
    rocksdb::SstFileReader reader(options);
    if (!reader.Open(file.db_path + file.name).ok()) return;  // damaged: nothing can be said
    const std::unique_ptr<rocksdb::Iterator> commits(reader.NewIterator({}));
    commits->Seek(rocksdb::Slice(kCommitKey));
    CommitRecord record;
    if (!commits->Valid() || !DecodeCommitRecord(View(commits->value()), record)) return;
    const bool before = record.number < first_->number;
    if (before && record.number > flushed.number) flushed = record;
  }
  if (first_->told_from > flushed.number + 1 && first_->entries_untold > flushed.entries) {
    untold_entries_ += first_->entries_untold - flushed.entries;
  }
}

Result<void> Recovery::SeeStored(Database& database) {
  std::string value;
  const rocksdb::Status status =
      database.db().Get({}, database.family(Family::kCommits), rocksdb::Slice(kCommitKey), &value);
  CommitRecord record;
  if (status.ok() && DecodeCommitRecord(value, record)) {
    See(record);
    return {};
  }
  if (!status.ok() && !status.IsNotFound() && !IsDamage(status)) return Fail(ToError(status));
  if (last_) return {};
  // A new store, or one whose last record is damaged and has no copy.
  last_ = CommitRecord{};
  const std::unique_ptr<rocksdb::Iterator> list(
      database.db().NewIterator({}, database.family(Family::kList)));
  list->SeekToFirst();
  uint64_t number = 0;
  if (list->Valid() && ParseListKey(View(list->key()), number)) {
    last_->next_log = number + kNumbersSkipped;
  } else if (!list->status().ok()) {
    return Fail(ToError(list->status()));
  }
  return {};
}

void Recovery::Remove(Database& database, const LogKey& key, uint64_t number,
                      rocksdb::WriteBatch& batch) {
  Must(batch.Delete(database.family(Family::kLogs), key.Path()));
  Must(batch.Delete(database.family(Family::kList), ListKey(number)));
  for (const Family family : {Family::kBlocks, Family::kIndex, Family::kProducers}) {
    Must(batch.DeleteRange(database.family(family), LogPrefix(number), LogPrefix(number + 1)));
  }
  ++repaired_logs_;
}

Result<void> Recovery::RepairLog(Database& database, const LogTrace& trace,
                                 rocksdb::WriteBatch& batch) {
  std::string path;
  const rocksdb::Status listed =
      database.db().Get({}, database.family(Family::kList), ListKey(trace.number), &path);
  if (!listed.ok() && !listed.IsNotFound()) {
    if (IsDamage(listed)) return {};  // its readers are told
    return Fail(ToError(listed));
  }
  if (listed.IsNotFound() && (trace.removed || !trace.birth)) return {};
  const auto key = listed.ok() ? ParseLogKey(path) : Result<LogKey>(trace.birth->key);
  if (!key) return {};
  if (trace.removed) {
    Remove(database, *key, trace.number, batch);
    return {};
  }
  auto loaded = LoadLog(database, &rows_, *key);
  if (!loaded) {
    if (loaded.error().code == ErrorCode::kCorrupt) return {};
    return Fail(loaded.error());
  }
  const bool there = *loaded && (*loaded)->info.number == trace.number;
  if (!there && !trace.birth) return {};
  if (!there && *loaded) {
    if ((*loaded)->info.number > trace.number) return {};
    Remove(database, *key, (*loaded)->info.number, batch);
  }
  LogState state = there ? std::move(**loaded) : NewState(trace);
  const bool lacks_end = trace.outcome && !state.info.HasEnded();
  if (there && trace.position <= state.info.position && !lacks_end) return {};
  if (trace.position > state.info.position) PutLost(batch, database, state, trace);
  if (lacks_end) {
    state.info.outcome = trace.outcome;
    state.info.ended = trace.updated;
  }
  state.Touch(trace.updated);
  Must(batch.Put(database.family(Family::kLogs), key->Path(), EncodeLog(state)));
  Must(batch.Put(database.family(Family::kList), ListKey(trace.number), key->Path()));
  ++repaired_logs_;
  return {};
}

Result<void> Recovery::RepairOpenLogs(Database& database, rocksdb::WriteBatch& batch) {
  // Nobody knows which logs lost entries, only how many there were: each open log skips so many.
  const std::unique_ptr<rocksdb::Iterator> logs(
      database.db().NewIterator({}, database.family(Family::kLogs)));
  for (logs->SeekToFirst(); logs->Valid(); logs->Next()) {
    const auto key = ParseLogKey(View(logs->key()));
    if (!key) continue;
    auto loaded = LoadLog(database, &rows_, *key);
    if (!loaded || !*loaded || (*loaded)->info.HasEnded()) continue;
    LogState& state = **loaded;
    const auto known = traces_.find(state.info.number);
    LogTrace trace;
    trace.position = state.info.position;
    trace.text_end = state.text_end;
    trace.encoded_end = state.encoded_end;
    if (known != traces_.end() && known->second.position > trace.position) trace = known->second;
    trace.position += untold_entries_;
    trace.updated = state.info.updated;
    PutLost(batch, database, state, trace);
    ++repaired_logs_;
  }
  if (!logs->status().ok() && !IsDamage(logs->status())) return Fail(ToError(logs->status()));
  return {};
}

Result<std::optional<CommitRecord>> Recovery::Repair(Database& database,
                                                     const StoreOptions& options,
                                                     const std::optional<CommitRecord>& told,
                                                     bool sure) {
  if (auto seen = SeeStored(database); !seen) return Fail(seen.error());
  if (told) See(*told);
  CheckFront(database);
  const auto rows = ReadRows(database);
  if (!rows) return Fail(rows.error());
  ListRows(*rows, rows_);
  if (rows->unknown) untold_entries_ += kPositionsSkipped;
  rocksdb::WriteBatch batch;
  for (const auto& [number, trace] : traces_) {
    if (auto done = RepairLog(database, trace, batch); !done) return Fail(done.error());
  }
  if (untold_entries_ > 0) {
    if (auto done = RepairOpenLogs(database, batch); !done) return Fail(done.error());
  }
  const bool complete = repaired_logs_ == 0 && !rows->damaged;
  // Nothing may be written before what is missing is known: it would take sequence numbers that
  // commits have which can be read the next time.
  if (!complete && !sure) return std::nullopt;
  const auto wanted = [this](uint64_t log_number) {
    const auto trace = traces_.find(log_number);
    return trace != traces_.end() && trace->second.birth && !trace->second.removed;
  };
  auto settled = SettleRows(database, *rows, options.block_bytes, wanted);
  if (!settled) return Fail(std::move(settled.error()));
  if (complete) return last_;
  auto finished = Finish(database, batch);
  if (!finished) return Fail(std::move(finished.error()));
  return std::move(*finished);
}

Result<CommitRecord> Recovery::Finish(Database& database, rocksdb::WriteBatch& repairs) {
  CommitRecord last = *last_;
  ++last.number;
  last.told_from = last.number;
  last.entries_untold = last.entries += untold_entries_;
  rocksdb::WriteBatch batch;
  Must(batch.Put(database.family(Family::kCommits), rocksdb::Slice(kCommitKey),
                 EncodeCommitRecord(last)));
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::DB& db = database.db();
  rocksdb::Status status = db.Write(options, &repairs);
  if (status.ok()) status = db.Write(options, &batch);
  // The damaged write-ahead log is not needed any more.
  if (status.ok()) status = db.Flush({}, database.families());
  if (!status.ok()) return Fail(ToError(status));
  last.logs = 0;
  const std::unique_ptr<rocksdb::Iterator> list(db.NewIterator({}, database.family(Family::kList)));
  for (list->SeekToFirst(); list->Valid(); list->Next()) ++last.logs;
  return last;
}

}  // namespace tailrace::rocks
