// Watch: what other processes commit to the same database, told to our viewers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "store/log_store.h"
#include "store/mongodb/link.h"
#include "store/mongodb/persistence.h"
#include "store/mongodb/reader.h"

namespace tailrace::mongo {

/// One change stream over the logs' documents, however many logs and viewers there are. Follows it
/// on a thread of its own from Start to its destruction.
class Watch {
 public:
  /// `reader` outlives it; `tell` is called on its thread. `writer`: this process, whose commits
  /// are told by the commit thread.
  Watch(Place place, std::string writer, const Reader& reader,
        std::function<void(std::vector<Commit>)> tell);
  ~Watch();

  void Start();
  /// As LogStore. Any thread.
  void Follow(const LogKey& key);
  void Unfollow(const LogKey& key);
  /// Which incarnation those who follow the log have heard of. Any thread.
  void Note(const LogKey& key, uint64_t number);

  /// Logs that others have made, less those they have removed, since the start.
  int64_t others_logs() const { return others_logs_; }
  /// Empty: it is following.
  std::string Trouble() const { return persistence_.Trouble(); }
  uint64_t failures() const { return persistence_.failures(); }
  /// Times that the stream could not go on where it was.
  uint64_t resets() const { return resets_; }

 private:
  void Run();
  /// Follows until something fails. kConflict: nobody can go on behind resume_token_.
  Result<void> FollowStream(Link& link);
  Result<void> OnChange(Link& link, const bson_t& change);
  void Tell(Link& link, const StoredLog& log);
  /// Says of each followed log how it is now.
  Result<void> CompareAll(Link& link);
  bool IsFollowed(const LogKey& key) const;

  const Place place_;
  const std::string writer_;
  const Reader& reader_;
  const std::function<void(std::vector<Commit>)> tell_;
  Persistence persistence_;
  std::string resume_token_;  ///< Of the thread alone. Empty: from now on.
  bool has_followed_ = false;
  std::atomic<int64_t> others_logs_ = 0;
  std::atomic<uint64_t> resets_ = 0;

  mutable std::mutex mutex_;
  struct Followed {
    uint64_t followers = 0;
    uint64_t number = 0;  ///< As of the last Note; 0: there was none.
  };
  std::unordered_map<LogKey, Followed> followed_;  ///< Guarded by mutex_.

  std::thread thread_;
};

}  // namespace tailrace::mongo
