// RolloutLog: everything that goes into the log of one rollout: notes, the lines of its containers,
// the end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/timer.h"
#include "rollout/rollout.h"
#include "source/kubernetes/container_follower.h"
#include "source/kubernetes/follow_port.h"
#include "source/kubernetes/log_memory.h"
#include "source/kubernetes/log_opener.h"
#include "source/kubernetes/log_writer.h"
#include "source/say.h"

namespace tailrace {

/// What the logs of a cluster share; all of it outlives them.
struct RolloutLogs {
  LogOpener& opener;
  LogWriters& writers;
  FollowPort& port;
  Loop& loop;
  const Clock& clock;
  const Redactor* redactor;  ///< Null: nothing is masked.
  Say say;
  std::string cluster;
  std::string type;  ///< Of logs without an annotation.
  FollowOptions follow;
  uint64_t drain_ms = 0;
  size_t max_followers = 0;  ///< Containers followed at the same time, of all logs.
  FollowStats follow_stats = {};
  size_t followers = 0;
  uint64_t not_followed = 0;  ///< Containers beyond max_followers.
};

/// The loop's thread. Until the log is open its notes wait, and no container is followed.
class RolloutLog final : public LineSink {
 public:
  /// `rollout` outlives it. `on_closed`: the log has ended, or takes nothing more; not called
  /// inside any call, and it may destroy this object.
  RolloutLog(RolloutLogs& shared, Rollout& rollout, std::function<void()> on_closed);
  ~RolloutLog() override;
  RolloutLog(const RolloutLog&) = delete;
  RolloutLog& operator=(const RolloutLog&) = delete;

  /// Of a rollout that begins.
  void Open(const Workload& workload);
  /// Of one that an earlier server has begun.
  void Resume(LogKey key, LogMemory memory);

  void AddNotes(std::vector<Note> notes);
  void OnPod(const Pod& pod);
  void OnPodGone(const Pod& pod);
  /// The rollout has its outcome: the last lines are read, then the log ends.
  void OnOver();

  // LineSink
  void Take(const EntryRun& run) override;
  void Flush() override;
  bool Full() const override { return shared_.writers.Full(); }

 private:
  struct Followed {
    std::unique_ptr<ContainerFollower> follower;
    bool must_end = false;  ///< It stops or has stopped, so its last lines are coming.
    uint64_t progress = 0;  ///< Of its point when Look saw it last,
    TimeNs progressed = 0;  ///< and since when it is so.
  };

  void UseWriter(LogKey key);
  void Follow(const Pod& pod, const Container& container);
  void AddRun(const EntryRun& run);
  void Write(const EntryRun& run);
  void Look();
  bool IsAnyBehind(TimeNs now);
  void End();
  void Stop();

  RolloutLogs& shared_;
  Rollout& rollout_;
  const std::function<void()> on_closed_;
  std::optional<uint64_t> wish_;  ///< The opener's.
  std::unique_ptr<LogWriter> writer_;
  EntryRun waiting_;                 ///< Notes, until there is a writer.
  std::map<std::string, Pod> pods_;  ///< The same: those to follow, by UID.
  LogMemory memory_;
  std::map<std::pair<std::string, std::string>, Followed> followed_;  ///< By pod UID, container.
  Timer timer_;
  std::optional<TimeNs> over_;
  bool ending_ = false;
};

}  // namespace tailrace
