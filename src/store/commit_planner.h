// CommitPlanner: turns the requests that wait into one CommitPlan, and keeps their answers until
// it is known whether the plan is on disk; one commit after the other. On the commit thread.
#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "base/random.h"
#include "store/commit_plan.h"
#include "store/log_cache.h"
#include "store/store_options.h"

namespace tailrace {

class CommitPlanner {
 public:
  /// All must outlive it. `next_number`: of the next log to be created; `logs`: how many there are.
  CommitPlanner(CommitBackend& backend, const StoreOptions& options, Random& random,
                uint64_t next_number, uint64_t logs);

  /// The next commit, which will be asked to take in at most so many requests.
  void Begin(size_t requests);
  /// The same in a store that others write to as well: nothing is remembered of earlier commits.
  void BeginAfresh(size_t requests, uint64_t next_number);
  /// Takes the request in. False: it removes a log that this commit changes, or touches one that
  /// this commit removes, so it must wait for the next commit; `request` is then unchanged.
  bool Add(StoreRequest& request);

  /// Nothing to write: all requests are refused or change nothing.
  bool Empty() const { return plan_.drafts.empty(); }
  /// Closes the blocks. Called once, after the last Add.
  const CommitPlan& Finish();
  /// What the listener is told. After Finish, once.
  std::vector<Commit> TakeCommits();
  /// Calls each request's `done`, in the order of their Adds; with `failure` if it is not null:
  /// then there must be no further plan that is written.
  void Answer(const Error* failure);

  /// Instead of TakeCommits and Answer: the plan has not been written and never will be. Nobody is
  /// answered.
  void Forget();

  uint64_t logs() const { return plan_.logs; }
  uint64_t entries() const { return entries_; }
  uint64_t entry_bytes() const { return entry_bytes_; }
  uint64_t retired() const { return retired_; }

 private:
  struct AppendDone {
    std::function<void(Result<AppendAnswer>)> done;
    Result<AppendAnswer> answer;
  };
  using Done = std::variant<AppendDone, std::function<void(const Error*)>>;

  void Plan(AppendRequest& request, CachedLog* known);
  void Plan(CreateRequest& request, CachedLog* known);
  void Plan(EndRequest& request, CachedLog* known);
  void Plan(RemoveRequest& request, CachedLog* known);
  void Plan(RetireRequest& request, CachedLog* known);

  Result<AppendAnswer> DoAppend(AppendRequest& request, CachedLog* known);
  Result<CreateRequest::Answer> DoCreate(const CreateRequest& request, CachedLog* known);
  Result<LogInfo> DoEnd(const EndRequest& request, CachedLog* known);
  Result<LogInfo> DoRemove(const LogKey& key, CachedLog* known);
  Result<LogInfo> DoRetire(const RetireRequest& request, CachedLog* known);

  /// The log, `known` if it is cached; null if there is none.
  Result<CachedLog*> Find(const LogKey& key, CachedLog* known);
  LogDraft& Change(CachedLog& log);
  LogDraft& NewLog(const LogKey& key);
  Result<std::optional<uint64_t>> ProducerCount(const CachedLog& log, const std::string& name);
  void Store(LogDraft& draft, AppendRequest& request, const AppendDecision& decision,
             bool new_producer);
  void EndLog(LogDraft& draft, const Outcome& outcome);
  void KeepStates(bool written);

  template <typename T>
  void Keep(std::function<void(Result<T>)> done, Result<T> answer);

  CommitBackend& backend_;
  const StoreOptions& options_;
  Random& random_;
  LogCache logs_;
  CommitPlan plan_;
  std::vector<CachedLog*> changed_;  ///< Of each draft.
  std::vector<Done> answers_;
  uint64_t logs_before_ = 0;  ///< CommitPlan::logs as of the last commit.
  uint64_t entries_ = 0;
  uint64_t entry_bytes_ = 0;
  uint64_t retired_ = 0;
};

}  // namespace tailrace
