// PassingStore: a store that keeps nothing: what is appended is handed on to who takes it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "store/log_store.h"

namespace tailrace {

/// For a KubernetesSource whose logs go to a terminal. An append is answered when what it brought
/// was taken and printed, so that a slow terminal holds back the writers and not the kubelets.
///
/// Take and Close on one thread, all else on any.
class PassingStore final : public LogStore {
 public:
  struct Passed {
    Labels labels;
    LogKey key;
    EntryRun run;
    std::optional<Outcome> end;
    std::function<void()> done;  ///< It has been shown: once.
  };

  PassingStore() = default;
  ~PassingStore() override { Close(); }

  /// The next one, in the order in which they were appended; nothing: there was none for `wait_ms`.
  std::optional<Passed> Take(uint64_t wait_ms);
  /// Answers all that waits and refuses what comes (kUnavailable).
  void Close();

  void Append(AppendRequest request) override;
  void Create(CreateRequest request) override;
  void End(EndRequest request) override;
  void Remove(RemoveRequest request) override;
  Result<LogInfo> Stat(const LogKey& key) override;
  Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes) override;
  Result<Position> FindTextOffset(const LogKey& /*key*/, uint64_t /*offset*/) override { return 0; }
  Result<ListAnswer> List(const ListQuery& /*query*/) override { return ListAnswer{}; }
  Result<void> ApplyRetention() override { return {}; }
  StoreStats Stats() const override { return {}; }
  void SetCommitListener(CommitListener /*listener*/) override {}

 private:
  Result<AppendAnswer> Accept(AppendRequest& request);

  std::mutex mutex_;
  std::condition_variable came_;
  std::map<LogKey, LogInfo> logs_;  // of the one workload's rollouts
  std::deque<Passed> waiting_;
  uint64_t next_number_ = 1;
  bool closed_ = false;
};

}  // namespace tailrace
