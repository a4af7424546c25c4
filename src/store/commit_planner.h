// CommitPlanner: turns the requests that wait into one CommitPlan, and keeps their answers until
// it is known whether the plan is on disk. Lives for one commit, on the commit thread.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "store/commit_plan.h"
#include "store/store_options.h"

namespace tailrace {

class CommitPlanner {
 public:
  /// All must outlive it. `next_number` and `logs` as of the commit before.
  CommitPlanner(CommitBackend& backend, const StoreOptions& options, Random& random,
                uint64_t next_number, uint64_t logs);

  /// Takes the request in. False: it removes a log that this commit changes, or touches one that
  /// this commit removes, so it must wait for the next commit; `request` is then unchanged.
  bool Add(StoreRequest& request);

  /// Nothing to write: all requests are refused or change nothing.
  bool Empty() const { return plan_.drafts.empty(); }
  /// Closes the blocks. Called once, after the last Add.
  const CommitPlan& Finish();
  /// What the listener is told. After Finish, once.
  std::vector<Commit> TakeCommits();
  /// Calls each request's `done`, in the order of their Adds; with `failure` if it is not null.
  void Answer(const Error* failure);

  uint64_t entries() const { return entries_; }
  uint64_t entry_bytes() const { return entry_bytes_; }
  uint64_t retired() const { return retired_; }

 private:
  void Plan(AppendRequest& request);
  void Plan(CreateRequest& request);
  void Plan(EndRequest& request);
  void Plan(RemoveRequest& request);
  void Plan(RetireRequest& request);

  Result<AppendAnswer> DoAppend(AppendRequest& request);
  Result<CreateRequest::Answer> DoCreate(const CreateRequest& request);
  Result<LogInfo> DoEnd(const EndRequest& request);
  Result<LogInfo> DoRemove(const LogKey& key);
  Result<LogInfo> DoRetire(const RetireRequest& request);

  /// The log as it is after the requests so far; null if there is none.
  Result<const LogState*> Find(const LogKey& key);
  /// The draft of a log that Find has found, or of a new one.
  LogDraft& Change(const LogKey& key);
  LogDraft& NewLog(const LogKey& key);
  Result<std::optional<uint64_t>> ProducerCount(const LogState& log, const std::string& name);
  void Store(LogDraft& draft, AppendRequest& request, const AppendDecision& decision,
             bool new_producer);
  void EndLog(LogDraft& draft, const Outcome& outcome);

  template <typename T>
  void Keep(std::function<void(Result<T>)> done, Result<T> answer);

  CommitBackend& backend_;
  const StoreOptions& options_;
  Random& random_;
  CommitPlan plan_;
  std::unordered_map<LogKey, LogDraft*> drafts_;
  std::unordered_map<LogKey, LogState> seen_;  ///< Loaded, not changed (yet).
  std::vector<std::function<void(const Error*)>> answers_;
  uint64_t entries_ = 0;
  uint64_t entry_bytes_ = 0;
  uint64_t retired_ = 0;
};

}  // namespace tailrace
