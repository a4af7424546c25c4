// What a follower says in the log besides a container's lines, and how a later server finds in
// there how far it was.
//
// Entries of stream "event" with the container's source. Their fields are an object with "key":
// "start/UID/CONTAINER" before the first line of a life, "exit/…" behind its last one (only if
// nothing of it is missing, or what is was said), "gap/…" where lines are missing, "move/…" where
// all lines behind the last start turned out to be those of another life; "container_id" and
// "restart" (the number of the life) are in each.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "log/entry.h"
#include "source/kubernetes/container_state.h"
#include "source/kubernetes/resume_point.h"

namespace tailrace {

struct FollowTarget {
  std::string namespace_name;
  std::string pod;
  std::string pod_uid;
  std::string container;
  std::string source;  ///< Of the entries: "POD/CONTAINER".
  /// Lines before it are not wanted, of a container that is older than the log; 0: all are.
  TimeNs since = 0;
  /// Later lines are not wanted, of a rollout that is over: what there is is read once and not
  /// followed; 0: all are.
  TimeNs until = 0;
};

/// Encoded entries.
EntryRun StartEntry(const FollowTarget& target, const ContainerInstance& life, uint64_t restart,
                    TimeNs time);
EntryRun ExitEntry(const FollowTarget& target, const ContainerInstance& life, uint64_t restart);
/// `what` is a sentence.
EntryRun GapEntry(const FollowTarget& target, std::string_view life_id, uint64_t restart,
                  std::string_view what, TimeNs time);

/// Lines that were taken for an earlier life's are those of this one.
EntryRun MoveEntry(const FollowTarget& target, std::string_view life_id, uint64_t restart,
                   TimeNs time);

/// How far one container was read by an earlier server.
struct FollowedBefore {
  ResumePoint point;
  uint64_t restart = 0;  ///< Number of the point's life.
  /// Lines of a life that has not begun in the log.
  std::optional<ResumePoint> later;
};

/// Takes the entries of a log in order. Memory: for each container that was in it.
class FollowRecovery {
 public:
  void Take(const Entry& entry);
  /// Nothing: no life of this container has begun in the log.
  std::optional<FollowedBefore> Find(std::string_view pod_uid, std::string_view container) const;

  /// What the entries so far have come to, as JSON; restored by another one, it stands for them.
  std::string Save() const;
  /// False: `text` is none, and this object is of no use any more.
  [[nodiscard]] bool Restore(std::string_view text);

 private:
  struct Followed {
    FollowedBefore before;
    size_t line_bytes = 0;  ///< Of the line whose first entries have come.
  };
  void TakeEvent(const Entry& entry);

  std::map<std::string, Followed, std::less<>> by_container_;  ///< "UID/CONTAINER"
  /// Keys of the other one: the latest of that name.
  std::map<std::string, std::string, std::less<>> by_source_;
};

}  // namespace tailrace
