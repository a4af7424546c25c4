#include "source/kubernetes/open_logs.h"

#include <utility>

#include "rollout/log_name.h"

namespace tailrace {
namespace {

constexpr size_t kReadBytes = 1 << 20;

void TakeChunk(LogMemory& memory, const Chunk& chunk, Position from) {
  EntryReader reader(chunk.encoded);
  Entry entry;
  for (Position at = chunk.begin; reader.Next(entry); ++at) {
    if (at < from) continue;  // blocks are whole
    memory.Take(entry);
  }
}

Result<void> ReadLog(LogStore& store, const LogKey& key, LogMemory& memory,
                     const std::atomic<bool>& stop) {
  const Result<std::optional<Memo>> memo = store.ReadMemo(key);
  const bool is_damaged = !memo && memo.error().code == ErrorCode::kCorrupt;
  if (!memo && !is_damaged) return Fail(memo.error());
  const bool is_restored = !is_damaged && *memo && memory.Restore((*memo)->bytes);
  for (Position from = is_restored ? (*memo)->at : 0;;) {
    if (stop.load()) return Fail(ErrorCode::kUnavailable, "the server is stopping");
    const Result<ReadAnswer> answer = store.Read(key, from, kReadBytes);
    if (!answer) return Fail(answer.error());
    if (answer->items.empty()) return {};
    for (const ReadItem& item : answer->items) {
      if (item.chunk != nullptr) TakeChunk(memory, *item.chunk, from);
      from = item.end;
    }
  }
}

}  // namespace

Result<std::vector<OpenLog>> ReadOpenLogs(LogStore& store, const std::string& cluster,
                                          const RolloutOptions& options,
                                          const std::atomic<bool>& stop) {
  std::vector<OpenLog> logs;
  ListQuery query{.ended = false, .labels = {{kClusterLabel, cluster}}, .limit = kMaxListLimit};
  do {
    Result<ListAnswer> page = store.List(query);
    if (!page) return Fail(page.error());
    for (const LogInfo& info : page->logs) {
      const auto uid = info.labels.find(kUidLabel);
      const auto revision = info.labels.find(kRevisionLabel);
      if (uid == info.labels.end() || revision == info.labels.end()) continue;
      LogMemory memory(Rollout({uid->second, revision->second}, options, info.created));
      const Result<void> read = ReadLog(store, info.key, memory, stop);
      if (!read && read.error().code == ErrorCode::kNotFound) continue;  // just deleted
      if (!read) return Fail(read.error());
      auto rollout = std::make_unique<Rollout>(memory.rollout());
      logs.push_back({info.key, std::move(rollout), std::move(memory)});
    }
    query.after = std::move(page->next);
  } while (!query.after.empty() && !stop.load());
  return logs;
}

}  // namespace tailrace
