// Rollout: one revision of one workload on its way, from the first event to the verdict. No I/O.
//
//   open --kubectl's verdict "done"--> judged --stability and drain windows--> over: succeeded
//     |                                  `--a container exits within the stability window--> failed
//     |--kubectl's verdict "failed"--> over: failed
//     `--a newer revision, deletion--> over: cancelled
//
// One that was missed, because it was over before anybody looked, is told from what is left of it:
// BeginAfterwards, its pods and events, then OnWorkload, with which it is over.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "log/entry.h"
#include "log/log_info.h"
#include "rollout/note.h"
#include "rollout/objects.h"

namespace tailrace {

/// Of one cluster. A rollback makes a new revision, so also another one.
struct RolloutId {
  std::string uid;  ///< The workload's.
  std::string revision;

  auto operator<=>(const RolloutId&) const = default;
};

struct RolloutOptions {
  /// So long after the verdict a container that exits turns it to "failed (unstable)". 0: none
  /// does.
  uint64_t stability_ms = 10'000;
  /// So long after the verdict pods of older revisions that are being stopped are waited for.
  uint64_t drain_ms = 30'000;
};

/// Time is handed in; all calls on one thread.
class Rollout {
 public:
  static constexpr TimeNs kNoLimit = std::numeric_limits<TimeNs>::max();

  /// `began`: what happened before is not part of it.
  Rollout(RolloutId id, RolloutOptions options, TimeNs began);

  // What happened. Each may add notes, and may bring the outcome.

  /// First of all: image, replicas, reason. What a resumed one has told already is not told again.
  void Begin(const Workload& workload, TimeNs now);
  /// Instead: it was missed. Also of a resumed one that IsMissed.
  void BeginAfterwards(const Workload& workload, TimeNs now);
  void OnWorkload(const Workload& workload, TimeNs now);
  /// A pod of this revision.
  void OnPod(const Pod& pod, TimeNs now);
  void OnPodGone(const Pod& pod, TimeNs now);
  void OnEvent(const KubeEvent& event, TimeNs now);
  /// How many pods of older revisions are still being stopped.
  void OnOldPods(size_t stopping, TimeNs now);
  void OnSuperseded(std::string_view revision, TimeNs now);
  void OnDeleted(TimeNs now);
  /// Whether OnLine looks for something.
  bool WantsLines() const { return error_line_.empty(); }
  /// What a container printed.
  void OnLine(std::string_view source, std::string_view text);
  void Tick(TimeNs now);
  /// An entry of its log, in order: a restarted server goes on from there.
  void Recall(const Entry& entry);
  /// What Recall has made of all entries so far, as JSON; given to another one before any entry, it
  /// stands for them.
  std::string Recalled() const;
  /// False: `text` is none, and this object is of no use any more.
  [[nodiscard]] bool Restore(std::string_view text);

  /// The container's lines can't be had: too many are followed.
  void OnNotFollowed(const Pod& pod, const Container& container, TimeNs now);

  // What came of it.

  std::vector<Note> TakeNotes();
  /// When Tick has something to do; nothing: not without an event.
  std::optional<TimeNs> NextTick() const;
  /// Set once; then no call changes anything but OnLine.
  const std::optional<Outcome>& outcome() const { return outcome_; }
  /// The closing entry's note. With an outcome.
  Note Summary(TimeNs now) const;

  const RolloutId& id() const { return id_; }
  TimeNs began() const { return began_; }
  /// What it is made of is known to be older than was thought.
  void BeganBy(TimeNs time) { began_ = std::min(began_, time); }
  bool IsMissed() const { return lines_until_.has_value(); }
  /// Of a missed one: what its containers printed later is no part of it. kNoLimit: all is that
  /// they have printed yet.
  const std::optional<TimeNs>& lines_until() const { return lines_until_; }
  /// When kubectl's verdict was "done"; nothing: it was not.
  const std::optional<TimeNs>& judged() const { return judged_; }

 private:
  void Add(Note note, TimeNs now);
  void TakeTrouble(std::string_view source, std::string_view text);
  void AddAll(std::vector<Note> notes, TimeNs now);
  void AddOwn(std::string key, std::string text, NoteLevel level, TimeNs now);
  void TellBegin(const Workload& workload, TimeNs now);
  void OnWorkloadAfterwards(const Workload& workload, TimeNs now);
  void Finish(OutcomeKind kind, std::string reason);
  void OnLives(const Pod& pod, const Container& container, TimeNs now);
  std::optional<TimeNs> AfterVerdict(const ContainerLife& life, TimeNs now) const;
  void RecallExit(std::string_view key, std::string_view life, int64_t restarts);
  void RecallMissed(std::string_view began);
  uint64_t Restarts() const;

  RolloutId id_;
  RolloutOptions options_;
  TimeNs began_;
  ToldNotes told_;
  std::vector<Note> notes_;
  std::string source_;  ///< Of notes about the workload itself.
  std::string name_;    ///< `deployment "web"`
  int64_t replicas_ = 0;
  std::map<std::string, uint64_t> restarts_;  ///< By "POD/CONTAINER".
  std::set<std::string, std::less<>> exits_;  ///< Container ids.
  std::string trouble_;                       ///< The last note that was one.
  bool trouble_is_probe_ = false;
  std::string error_line_;  ///< The first one, with its source.
  size_t old_pods_ = 0;
  std::string verdict_;           ///< Its words.
  std::optional<TimeNs> judged_;  ///< When the verdict was "done".
  std::string unstable_;          ///< Why it is, in words; empty: it is not.
  std::optional<TimeNs> lines_until_;
  std::optional<TimeNs> verdict_time_;  ///< Of a missed one; nothing: unknown.
  bool explains_pods_ = true;           ///< What pods wait for has to do with it.
  std::optional<Outcome> outcome_;
};

}  // namespace tailrace
