#include "source/kubernetes/open_logs.h"

#include <utility>

#include "rollout/log_name.h"

namespace tailrace {
namespace {

constexpr size_t kReadBytes = 1 << 20;

void TakeChunk(OpenLog& log, const Chunk& chunk, Position from) {
  EntryReader reader(chunk.encoded);
  Entry entry;
  for (Position at = chunk.begin; reader.Next(entry); ++at) {
    if (at < from) continue;  // blocks are whole
    log.rollout->Recall(entry);
    log.recovery.Take(entry);
  }
}

Result<void> ReadLog(LogStore& store, OpenLog& log, const std::atomic<bool>& stop) {
  for (Position from = 0;;) {
    if (stop.load()) return Fail(ErrorCode::kUnavailable, "the server is stopping");
    const Result<ReadAnswer> answer = store.Read(log.key, from, kReadBytes);
    if (!answer) return Fail(answer.error());
    if (answer->items.empty()) return {};
    for (const ReadItem& item : answer->items) {
      if (item.chunk != nullptr) TakeChunk(log, *item.chunk, from);
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
      OpenLog log{.key = info.key};
      log.rollout = std::make_unique<Rollout>(RolloutId{uid->second, revision->second}, options,
                                              info.created);
      const Result<void> read = ReadLog(store, log, stop);
      if (!read && read.error().code == ErrorCode::kNotFound) continue;  // just deleted
      if (!read) return Fail(read.error());
      logs.push_back(std::move(log));
    }
    query.after = std::move(page->next);
  } while (!query.after.empty() && !stop.load());
  return logs;
}

}  // namespace tailrace
