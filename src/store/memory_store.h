// MemoryStore: a LogStore in memory, for tests only. The same rules, commit thread and answers as
// the durable ones; what it "writes" is gone when it is destroyed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/random.h"
#include "store/commit_plan.h"
#include "store/committer.h"
#include "store/log_store.h"
#include "store/retention.h"
#include "store/store_options.h"

namespace tailrace {

class MemoryStore final : public LogStore, private CommitBackend, private RetentionSource {
 public:
  MemoryStore() : MemoryStore(StoreOptions(), nullptr) {}
  /// Null: the system's.
  explicit MemoryStore(StoreOptions options, std::unique_ptr<Random> random = nullptr);
  ~MemoryStore() override;

  void Append(AppendRequest request) override;
  void Create(CreateRequest request) override;
  void End(EndRequest request) override;
  void Remove(RemoveRequest request) override;
  Result<LogInfo> Stat(const LogKey& key) override;
  Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes) override;
  Result<Position> FindTextOffset(const LogKey& key, uint64_t offset) override;
  Result<std::optional<Memo>> ReadMemo(const LogKey& key) override;
  Result<ListAnswer> List(const ListQuery& query) override;
  Result<void> ApplyRetention() override;
  StoreStats Stats() const override;
  void SetCommitListener(CommitListener listener) override;

  /// Every write from now on fails with `reason`, as if the disk were full.
  void FailWrites(std::string reason);
  /// Blocks which hold these positions read as damaged from now on.
  void Damage(const LogKey& key, Position position);
  /// Requests wait from Pause to Resume and then make one commit.
  void Pause() { committer_->Pause(); }
  void Resume() { committer_->Resume(); }

 private:
  struct Block {
    ChunkPtr chunk;
    TimeNs time = 0;
    uint64_t encoded_end = 0;
    bool damaged = false;
  };
  struct Log {
    LogState state;
    std::map<Position, Block> blocks;  ///< By first position.
    std::map<std::string, uint64_t> producers;
    std::optional<Memo> memo;
  };

  Result<std::optional<LogState>> LoadLog(const LogKey& key) override;
  Result<std::optional<uint64_t>> LoadProducer(const LogState& log,
                                               const std::string& name) override;
  Result<bool> IsBorder(const LogState& /*log*/, Position /*position*/) override { return true; }
  Result<void> Write(const CommitPlan& plan) override;
  Result<void> ForEachLog(const std::function<void(const LogState&)>& visit) override;
  Result<void> ForEachBlock(const LogState& log,
                            const std::function<bool(const BlockFacts&)>& visit) override;
  void Apply(const LogDraft& draft);

  StoreOptions options_;
  std::unique_ptr<Random> random_;
  mutable std::mutex mutex_;
  std::map<LogKey, Log> logs_;  ///< Guarded by mutex_, as all below.
  std::map<uint64_t, LogKey> numbers_;
  std::string failure_;
  uint64_t damaged_reads_ = 0;
  std::unique_ptr<Committer> committer_;  ///< Last: its thread uses all of the above.
};

}  // namespace tailrace
