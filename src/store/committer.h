// Committer: the one thread that changes a store. It takes everything that waits, makes one plan of
// it, has the backend write it durably, tells the listener, then answers. There is no timer: while
// one commit waits for the disk the next one piles up (natural group commit).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "store/commit_plan.h"
#include "store/commit_planner.h"
#include "store/log_store.h"
#include "store/store_options.h"

namespace tailrace {

class Committer {
 public:
  /// All must outlive it. `next_number`: of the next log to be created; `logs`: how many there are.
  Committer(CommitBackend& backend, const StoreOptions& options, Random& random,
            uint64_t next_number, uint64_t logs);
  /// Commits and answers what was accepted, then returns.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// As LogStore::SetCommitListener.
  void SetListener(CommitListener listener);
  /// Any thread. Refused requests are answered before it returns.
  void Submit(StoreRequest request);
  /// Something else of the store has failed: no more writes. Any thread.
  void FailFrom(const std::string& why);
  /// For tests: the thread finishes its commit and lets everything wait until Resume.
  void Pause();
  void Resume();

  /// The committer's part of the statistics; disk_bytes and damaged_reads are left 0. Any thread.
  StoreStats Stats() const;

 private:
  void Run();
  /// Takes what the commit took in off the front.
  void CommitSome(std::vector<StoreRequest>& requests);
  /// The same where other processes write as well, and may be first.
  void CommitShared(std::vector<StoreRequest>& requests);
  struct Written {
    bool wrote = false;  ///< There was something to write, and it is written.
    std::chrono::nanoseconds spent{0};
  };
  /// One try of CommitShared; the requests stay as they are. Nothing: another process was first.
  /// `taken`: how many of them the commit took in. An error is final.
  std::optional<Result<Written>> TryShared(std::span<const StoreRequest> requests, size_t& taken);
  /// Counts, tells the listener and answers. `bytes`: what the commit's requests cost.
  void Conclude(uint64_t bytes, const Written& written, const std::optional<Error>& failure);
  /// Why a request of `bytes` is refused now, if it is.
  std::optional<Error> Refusal(uint64_t bytes) const;

  CommitBackend& backend_;
  CommitPlanner planner_;  ///< Of the thread alone.
  const StoreOptions& options_;
  CommitListener listener_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<StoreRequest> waiting_;  ///< Guarded by mutex_, as all below.
  bool closing_ = false;
  bool paused_ = false;
  StoreStats stats_;

  std::thread thread_;
};

/// Hands in all of them and waits for their commits. The first failure other than kNotFound (the
/// log has gone meanwhile). Not on the commit thread.
Result<void> RetireAll(Committer& committer, std::vector<RetireRequest> requests);

}  // namespace tailrace
