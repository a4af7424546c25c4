#include "store/memory_store.h"

#include <algorithm>

#include "store/list_filter.h"

namespace tailrace {
namespace {

std::unexpected<Error> NoSuchLog(const LogKey& key) {
  return Fail(ErrorCode::kNotFound, "there is no log " + key.Path());
}

}  // namespace

MemoryStore::MemoryStore(StoreOptions options, std::unique_ptr<Random> random)
    : options_(std::move(options)), random_(std::move(random)) {
  if (!random_) random_ = std::make_unique<SystemRandom>();
  committer_ =
      std::make_unique<Committer>(static_cast<CommitBackend&>(*this), options_, *random_, 1, 0);
}

MemoryStore::~MemoryStore() = default;

void MemoryStore::Append(AppendRequest request) {
  committer_->Submit(std::move(request));
}
void MemoryStore::Create(CreateRequest request) {
  committer_->Submit(std::move(request));
}
void MemoryStore::End(EndRequest request) {
  committer_->Submit(std::move(request));
}
void MemoryStore::Remove(RemoveRequest request) {
  committer_->Submit(std::move(request));
}

void MemoryStore::SetCommitListener(CommitListener listener) {
  committer_->SetListener(std::move(listener));
}

void MemoryStore::FailWrites(std::string reason) {
  std::lock_guard lock(mutex_);
  failure_ = std::move(reason);
}

void MemoryStore::Damage(const LogKey& key, Position position) {
  std::lock_guard lock(mutex_);
  for (auto& [begin, block] : logs_.at(key).blocks) {
    if (begin <= position && position < block.chunk->end) block.damaged = true;
  }
}

Result<std::optional<LogState>> MemoryStore::LoadLog(const LogKey& key) {
  std::lock_guard lock(mutex_);
  const auto log = logs_.find(key);
  if (log == logs_.end()) return std::nullopt;
  return log->second.state;
}

Result<std::optional<uint64_t>> MemoryStore::LoadProducer(const LogState& log,
                                                          const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto& producers = logs_.at(log.info.key).producers;
  const auto count = producers.find(name);
  if (count == producers.end()) return std::nullopt;
  return count->second;
}

Result<void> MemoryStore::Write(const CommitPlan& plan) {
  std::lock_guard lock(mutex_);
  if (!failure_.empty()) return Fail(ErrorCode::kUnavailable, failure_);
  for (const LogDraft& draft : plan.drafts) Apply(draft);
  return {};
}

void MemoryStore::Apply(const LogDraft& draft) {
  const LogInfo& info = draft.state.info;
  if (draft.removed) {
    logs_.erase(info.key);
    numbers_.erase(info.number);
    return;
  }
  Log& log = logs_[info.key];
  uint64_t encoded_end = log.state.encoded_end;
  log.state = draft.state;
  numbers_[info.number] = info.key;
  for (const ChunkPtr& chunk : draft.chunks) {
    encoded_end += chunk->encoded.size();
    log.blocks[chunk->begin] = Block{chunk, info.updated, encoded_end};
  }
  for (const auto& [name, count] : draft.producers) log.producers[name] = count;
  if (draft.memo) log.memo = draft.memo;
  log.blocks.erase(log.blocks.begin(), log.blocks.lower_bound(info.first));
}

Result<LogInfo> MemoryStore::Stat(const LogKey& key) {
  std::lock_guard lock(mutex_);
  const auto log = logs_.find(key);
  if (log == logs_.end()) return NoSuchLog(key);
  return log->second.state.info;
}

Result<ReadAnswer> MemoryStore::Read(const LogKey& key, Position from, size_t max_bytes) {
  std::lock_guard lock(mutex_);
  const auto found = logs_.find(key);
  if (found == logs_.end()) return NoSuchLog(key);
  const Log& log = found->second;
  ReadAnswer answer{log.state.info, {}};
  if (from >= answer.info.position) return answer;
  if (from < answer.info.first) {
    answer.items.push_back({from, answer.info.first, nullptr, GapCause::kRetention});
    from = answer.info.first;
  }
  if (from == answer.info.position) return answer;
  size_t bytes = 0;
  bool damaged = false;  // the block before
  for (auto block = std::prev(log.blocks.upper_bound(from)); block != log.blocks.end(); ++block) {
    if (bytes > 0 && bytes >= max_bytes) break;
    const ChunkPtr& chunk = block->second.chunk;
    const bool bad = block->second.damaged;
    bytes += chunk->encoded.size();
    if (bad && damaged) {
      answer.items.back().end = chunk->end;
    } else {
      const Position begin = bad ? std::max(from, chunk->begin) : chunk->begin;
      const auto behind = std::next(block);
      const uint64_t text_end =
          behind == log.blocks.end() ? log.state.text_end : behind->second.chunk->text_offset;
      answer.items.push_back(
          {begin, chunk->end, bad ? nullptr : chunk, GapCause::kDamaged, text_end});
    }
    if (bad && !damaged) ++damaged_reads_;
    damaged = bad;
  }
  return answer;
}

Result<Position> MemoryStore::FindTextOffset(const LogKey& key, uint64_t offset) {
  std::lock_guard lock(mutex_);
  const auto found = logs_.find(key);
  if (found == logs_.end()) return NoSuchLog(key);
  const Log& log = found->second;
  if (offset < log.state.TextFirst()) return Position{0};
  if (offset >= log.state.text_end) return log.state.info.position;
  Position position = log.state.info.first;
  for (const auto& [begin, block] : log.blocks) {
    if (block.chunk->text_offset > offset) break;
    position = begin;
  }
  return position;
}

Result<std::optional<Memo>> MemoryStore::ReadMemo(const LogKey& key) {
  std::lock_guard lock(mutex_);
  const auto found = logs_.find(key);
  if (found == logs_.end()) return NoSuchLog(key);
  return found->second.memo;
}

Result<ListAnswer> MemoryStore::List(const ListQuery& query) {
  const auto start = ListStart(query);
  if (!start) return Fail(start.error());
  std::lock_guard lock(mutex_);
  ListAnswer answer;
  for (auto next = numbers_.lower_bound(*start); next != numbers_.begin();) {
    --next;
    const LogInfo& info = logs_.at(next->second).state.info;
    if (!MatchesQuery(query, info)) continue;
    answer.logs.push_back(info);
    if (answer.logs.size() < query.limit) continue;
    if (next != numbers_.begin()) answer.next = ListToken(info.number);
    break;
  }
  return answer;
}

Result<void> MemoryStore::ForEachLog(const std::function<void(const LogState&)>& visit) {
  for (const auto& [key, log] : logs_) visit(log.state);
  return {};
}

Result<void> MemoryStore::ForEachBlock(const LogState& log,
                                       const std::function<bool(const BlockFacts&)>& visit) {
  const auto& blocks = logs_.at(log.info.key).blocks;
  for (auto block = blocks.lower_bound(log.info.first); block != blocks.end(); ++block) {
    const Chunk& chunk = *block->second.chunk;
    const auto next = std::next(block);
    const uint64_t text_end = next == blocks.end() ? log.text_end : next->second.chunk->text_offset;
    const BlockFacts facts{chunk.begin, chunk.end, text_end, block->second.encoded_end,
                           block->second.time};
    if (!visit(facts)) break;
  }
  return {};
}

Result<void> MemoryStore::ApplyRetention() {
  Result<std::vector<RetireRequest>> retired;
  {
    std::lock_guard lock(mutex_);
    retired = FindRetired(*this, options_.retention, options_.clock->Now());
  }
  if (!retired) return Fail(retired.error());
  return RetireAll(*committer_, std::move(*retired));
}

StoreStats MemoryStore::Stats() const {
  StoreStats stats = committer_->Stats();
  std::lock_guard lock(mutex_);
  stats.damaged_reads = damaged_reads_;
  return stats;
}

}  // namespace tailrace
