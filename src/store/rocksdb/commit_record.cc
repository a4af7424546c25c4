#include "store/rocksdb/commit_record.h"

#include "base/bytes.h"
#include "store/rocksdb/format.h"

namespace tailrace::rocks {
namespace {

/// Damage takes at least a block of the write-ahead log (32 KiB) with it; commits tell of so many
/// bytes before them.
constexpr uint64_t kTrailBytes = 160 << 10;
/// What a commit takes besides its entries: a floor, so that not too many are told of.
constexpr uint64_t kCommitOverhead = 128;

constexpr size_t kUsualTraceBytes = 32;

constexpr uint8_t kRemoved = 1;
constexpr uint8_t kEnded = 2;
constexpr uint8_t kBorn = 4;

void AppendTrace(std::string& out, const LogTrace& trace, uint64_t commit) {
  AppendVarint(out, trace.number);
  AppendVarint(out, commit - trace.commit);
  uint8_t flags = 0;
  if (trace.removed) flags |= kRemoved;
  if (trace.outcome) flags |= kEnded;
  if (trace.birth) flags |= kBorn;
  out.push_back(static_cast<char>(flags));
  AppendVarint(out, trace.position);
  AppendVarint(out, trace.text_end);
  AppendVarint(out, trace.encoded_end);
  AppendTime(out, trace.updated);
  if (trace.outcome) AppendOutcome(out, *trace.outcome);
  if (!trace.birth) return;
  AppendSized(out, trace.birth->key.Path());
  AppendSized(out, trace.birth->incarnation);
  AppendTime(out, trace.birth->created);
}

bool TakeBirth(std::string_view& in, LogBirth& birth) {
  std::string_view path;
  std::string_view incarnation;
  if (!TakeSized(in, path) || !TakeSized(in, incarnation) || !TakeTime(in, birth.created)) {
    return false;
  }
  auto key = ParseLogKey(path);
  if (!key) return false;
  birth.key = std::move(*key);
  birth.incarnation = incarnation;
  return true;
}

bool TakeTrace(std::string_view& in, LogTrace& trace, uint64_t commit) {
  uint64_t age = 0;
  if (!TakeVarint(in, trace.number) || !TakeVarint(in, age) || age > commit || in.empty()) {
    return false;
  }
  trace.commit = commit - age;
  const auto flags = static_cast<uint8_t>(in.front());
  in.remove_prefix(1);
  if (flags > (kRemoved | kEnded | kBorn)) return false;
  trace.removed = (flags & kRemoved) != 0;
  if (!TakeVarint(in, trace.position) || !TakeVarint(in, trace.text_end) ||
      !TakeVarint(in, trace.encoded_end) || !TakeTime(in, trace.updated)) {
    return false;
  }
  if ((flags & kEnded) != 0 && !TakeOutcome(in, trace.outcome.emplace())) return false;
  return (flags & kBorn) == 0 || TakeBirth(in, trace.birth.emplace());
}

}  // namespace

std::string EncodeCommitRecord(const CommitRecord& record) {
  std::string out;
  out.reserve(64 + record.traces.size() * 32);
  out.reserve(64 + record.traces.size() * kUsualTraceBytes);
  out.push_back(static_cast<char>(kValueVersion));
  AppendVarint(out, record.number);
  AppendVarint(out, record.next_log);
  AppendVarint(out, record.logs);
  AppendVarint(out, record.entries);
  AppendVarint(out, record.told_from);
  AppendVarint(out, record.entries_untold);
  AppendVarint(out, record.traces.size());
  for (const LogTrace& trace : record.traces) AppendTrace(out, trace, record.number);
  return out;
}

bool DecodeCommitRecord(std::string_view in, CommitRecord& record) {
  if (in.empty() || in.front() != static_cast<char>(kValueVersion)) return false;
  in.remove_prefix(1);
  uint64_t traces = 0;
  if (!TakeVarint(in, record.number) || !TakeVarint(in, record.next_log) ||
      !TakeVarint(in, record.logs) || !TakeVarint(in, record.entries) ||
      !TakeVarint(in, record.told_from) || !TakeVarint(in, record.entries_untold) ||
      !TakeVarint(in, traces)) {
    return false;
  }
  record.traces.clear();
  for (uint64_t i = 0; i < traces; ++i) {
    if (!TakeTrace(in, record.traces.emplace_back(), record.number)) return false;
  }
  return in.empty();
}

CommitTrail::CommitTrail(const CommitRecord& last) {
  record_.number = last.number;
  record_.entries = last.entries;
}

void CommitTrail::Trace(const LogDraft& draft, uint64_t commit) {
  const LogInfo& info = draft.state.info;
  const auto [known, added] = traces_.try_emplace(info.number, record_.traces.size());
  if (added) record_.traces.emplace_back();
  LogTrace& trace = record_.traces[known->second];
  trace.number = info.number;
  trace.commit = commit;
  trace.removed = draft.removed;
  trace.position = info.position;
  trace.text_end = draft.state.text_end;
  trace.encoded_end = draft.state.encoded_end;
  trace.updated = info.updated;
  trace.outcome = info.outcome;
  if (draft.Created()) trace.birth = LogBirth{info.key, info.incarnation, info.created};
}

void CommitTrail::Forget() {
  uint64_t behind = 0;
  for (const Told& told : told_) behind += told.bytes;
  const size_t before = told_.size();
  while (told_.size() > 2 && behind - told_.front().bytes >= kTrailBytes) {
    behind -= told_.front().bytes;
    told_.pop_front();
  }
  if (told_.size() == before) return;
  // The last one takes the place of one that goes.
  std::vector<LogTrace>& traces = record_.traces;
  for (size_t i = 0; i < traces.size();) {
    if (traces[i].commit >= told_.front().number) {
      ++i;
      continue;
    }
    traces_.erase(traces[i].number);
    if (i + 1 < traces.size()) {
      traces[i] = std::move(traces.back());
      traces_[traces[i].number] = i;
    }
    traces.pop_back();
  }
}

const CommitRecord& CommitTrail::Next(const CommitPlan& plan) {
  Told told{++record_.number, kCommitOverhead, record_.entries};
  for (const LogDraft& draft : plan.drafts) {
    Trace(draft, record_.number);
    for (const ChunkPtr& chunk : draft.chunks) {
      told.bytes += chunk->encoded.size();
      record_.entries += chunk->end - chunk->begin;
    }
  }
  told_.push_back(told);
  Forget();
  record_.next_log = plan.next_number;
  record_.logs = plan.logs;
  record_.told_from = told_.front().number;
  record_.entries_untold = told_.front().entries;
  return record_;
}

}  // namespace tailrace::rocks
