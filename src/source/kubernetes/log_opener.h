// LogOpener: finds or makes the log of a rollout, under the first of its names that is free.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/result.h"
#include "io/loop.h"
#include "log/log_info.h"
#include "rollout/log_name.h"
#include "store/log_store.h"

namespace tailrace {

/// A name is taken if its log has ended, or has the labels of another rollout. A log that is there
/// and open, as one that a portal has made before it deploys, gets our labels beside its own and
/// keeps its title unless the workload gives one.
///
/// The loop's thread. Stores that are away are asked again for ever.
class LogOpener {
 public:
  struct Wish {
    LogNames names;
    std::string title;
    bool insists_on_title = false;
    Labels labels;  ///< With kUidLabel and kRevisionLabel.
    /// kConflict: the rollout's own log has ended already, or no name is free.
    std::function<void(Result<LogKey>)> done;
  };

  /// Both outlive it.
  LogOpener(LogStore& store, Loop& loop) : store_(store), loop_(loop) {}
  /// Waits for the store's answers; `done` is not called any more. The loop must not run after it.
  ~LogOpener();
  LogOpener(const LogOpener&) = delete;
  LogOpener& operator=(const LogOpener&) = delete;

  /// Returns the wish's number. `done` is not called inside.
  uint64_t Open(Wish wish);
  void Cancel(uint64_t number) { wishes_.erase(number); }

 private:
  struct Asked {
    Wish wish;
    size_t name = 0;        ///< Of names.keys: the one being tried.
    bool labelled = false;  ///< The name is ours; title and labels are being set.
  };

  void Ask(uint64_t number);
  void Send(uint64_t number, CreateRequest request);
  void OnAnswer(uint64_t number, const Result<CreateRequest::Answer>& answer);
  void OnFound(uint64_t number, Asked& asked, const CreateRequest::Answer& answer);
  void TryNext(uint64_t number, Asked& asked);
  void Finish(uint64_t number, Result<LogKey> result);

  LogStore& store_;
  Loop& loop_;
  std::map<uint64_t, Asked> wishes_;
  uint64_t next_number_ = 1;

  std::mutex mutex_;
  std::condition_variable answered_;
  uint64_t under_way_ = 0;  ///< Guarded by mutex_.
};

}  // namespace tailrace
