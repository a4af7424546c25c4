#include "rollout/rollout_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "rollout/object_notes.h"
#include "rollout/recorded.h"

namespace tailrace {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;
constexpr TimeNs kStart = 1'795'461'000 * kSecond;  // before the recordings

class TestClock final : public Clock {
 public:
  TimeNs Now() const override { return now; }
  TimeNs now = kStart;
};

/// An entry of a log, as the source would store it.
struct Stored {
  Note note;
  std::string fields;
};

struct LogOfRollout {
  std::vector<Stored> entries;
  std::vector<std::string> pods;
  std::optional<Outcome> outcome;
  bool resumed = false;
};

/// Feeds a recording to a tracker, and keeps what it says by revision.
class Replay final : public RolloutListener {
 public:
  explicit Replay(TrackerOptions options = {}) : options_(options) { Restart(); }

  void OnOpened(Rollout& rollout, const Workload& workload, bool resumed) override {
    LogOfRollout& log = logs[workload.meta.name + "." + rollout.id().revision];
    names_[rollout.id()] = workload.meta.name + "." + rollout.id().revision;
    log.resumed = resumed;
  }
  void OnNotes(Rollout& rollout, std::vector<Note> notes) override {
    EXPECT_FALSE(notes.empty());
    for (Note& note : notes) {
      std::string fields = NoteFields(note);
      Log(rollout).entries.push_back({std::move(note), std::move(fields)});
    }
  }
  void OnPod(Rollout& rollout, const Pod& pod) override {
    Log(rollout).pods.push_back(pod.meta.name);
  }
  void OnPodGone(Rollout& /*rollout*/, const Pod& /*pod*/) override {}
  void OnOver(Rollout& rollout) override {
    EXPECT_FALSE(Log(rollout).outcome) << "over twice";
    Log(rollout).outcome = rollout.outcome();
    over_.push_back(rollout.id());
  }

  void Feed(const RecordedStep& step) {
    clock_.now += kSecond / 100;
    if (step.kind == "Pod") {
      Pod pod = reader_.ReadPod(step.json).value();
      step.deleted ? tracker_->OnPodDeleted(pod.meta.uid) : tracker_->OnPod(std::move(pod));
    } else if (step.kind == "ReplicaSet") {
      ReplicaSet set = reader_.ReadReplicaSet(step.json).value();
      step.deleted ? tracker_->OnReplicaSetDeleted(set.meta.uid)
                   : tracker_->OnReplicaSet(std::move(set));
    } else if (step.kind == "Event") {
      tracker_->OnEvent(reader_.ReadEvent(step.json).value());
    } else if (step.kind == "kubectl") {
      said.push_back(step.json);
    } else {
      Workload workload = ReadAny(step);
      step.deleted ? tracker_->OnWorkloadDeleted(workload.meta.uid)
                   : tracker_->OnWorkload(std::move(workload));
    }
    ForgetOver();
  }
  void Synced() {
    tracker_->OnSynced();
    ForgetOver();
  }
  /// A new process that knows what the last one had seen.
  void RestartKnowing() {
    const std::optional<KnownRevisions> known = tracker_->Known(clock_.now);
    Restart();
    tracker_->Know(known.value());
  }
  void Pass(TimeNs time) {
    clock_.now += time;
    tracker_->Tick();
    ForgetOver();
  }
  /// A new process: knows what is in the logs that are open.
  void Restart() {
    tracker_ = std::make_unique<RolloutTracker>(options_, *this, clock_);
    for (const auto& [id, name] : names_) {
      if (logs[name].outcome) continue;
      auto rollout = std::make_unique<Rollout>(id, options_.rollout, kStart);
      for (const Stored& stored : logs[name].entries) Recall(*rollout, stored);
      tracker_->Resume(std::move(rollout));
    }
  }

  std::map<std::string, LogOfRollout> logs;  ///< By "NAME.REVISION".
  std::vector<std::string> said;             ///< By kubectl.

 private:
  Workload ReadAny(const RecordedStep& step) {
    static const std::map<std::string, WorkloadKind> kKinds = {
        {"Deployment", WorkloadKind::kDeployment},
        {"StatefulSet", WorkloadKind::kStatefulSet},
        {"DaemonSet", WorkloadKind::kDaemonSet},
        {"Job", WorkloadKind::kJob}};
    return reader_.ReadWorkload(kKinds.at(step.kind), step.json).value();
  }
  LogOfRollout& Log(const Rollout& rollout) { return logs[names_.at(rollout.id())]; }
  static void Recall(Rollout& rollout, const Stored& stored) {
    rollout.Recall({.time = stored.note.time,
                    .text = stored.note.text,
                    .stream = kEventStream,
                    .source = stored.note.source,
                    .level = NoteLevelName(stored.note.level),
                    .fields = stored.fields});
  }
  void ForgetOver() {
    for (const RolloutId& id : std::exchange(over_, {})) tracker_->Forget(id);
  }

  const TrackerOptions options_;
  TestClock clock_;
  ObjectReader reader_;
  std::unique_ptr<RolloutTracker> tracker_;
  std::map<RolloutId, std::string> names_;
  std::vector<RolloutId> over_;
};

TrackerOptions AtOnce() {
  return {.rollout = {.stability_ms = 0, .drain_ms = 0}};
}

/// The whole recording, from an empty cluster on.
void Play(Replay& replay, const std::string& name) {
  replay.Synced();
  for (const RecordedStep& step : ReadRecording(name)) replay.Feed(step);
}

bool Has(const LogOfRollout& log, std::string_view text) {
  return std::ranges::any_of(log.entries, [text](const Stored& stored) {
    return stored.note.text.find(text) != std::string::npos;
  });
}

std::string OutcomeOf(const LogOfRollout& log) {
  return log.outcome ? std::string(OutcomeName(log.outcome->kind)) : "open";
}

TEST(RolloutTrackerTest, ANewDeploymentAnImageARollbackAndScalingToNothing) {
  Replay replay(AtOnce());
  Play(replay, "success");
  ASSERT_EQ(replay.logs.size(), 3);  // scaling is no rollout
  for (const auto& [name, log] : replay.logs) {
    EXPECT_EQ(OutcomeOf(log), "succeeded") << name;
    EXPECT_EQ(log.outcome->reason, "deployment \"web\" successfully rolled out");
    EXPECT_TRUE(Has(log, "deployment web in success: revision " + name.substr(4) + ", 2 replicas"));
  }
  EXPECT_TRUE(Has(replay.logs["web.1"], "shop/web:1"));
  EXPECT_TRUE(Has(replay.logs["web.2"], "shop/web:2"));
  EXPECT_TRUE(Has(replay.logs["web.3"], "shop/web:1"));
}

TEST(RolloutTrackerTest, OnlyPodsOfTheNewReplicaSet) {
  Replay replay(AtOnce());
  Play(replay, "success");
  for (const std::string& pod : replay.logs["web.1"].pods) {
    EXPECT_TRUE(pod.starts_with("web-5955b6dbbf-")) << pod;
  }
  for (const std::string& pod : replay.logs["web.2"].pods) {
    EXPECT_TRUE(pod.starts_with("web-bf56c9f8-")) << pod;
  }
  EXPECT_FALSE(replay.logs["web.2"].pods.empty());
  EXPECT_FALSE(replay.logs["web.3"].pods.empty());
}

TEST(RolloutTrackerTest, ADeadlineIsAFailureWithWhatItWas) {
  Replay replay(AtOnce());
  Play(replay, "pull");
  const LogOfRollout& log = replay.logs["web.1"];
  EXPECT_EQ(OutcomeOf(log), "failed");
  EXPECT_TRUE(
      log.outcome->reason.starts_with("deployment \"web\" exceeded its progress deadline; web-"));
  EXPECT_TRUE(log.outcome->reason.find("missing/web:9") != std::string::npos)
      << log.outcome->reason;
  EXPECT_TRUE(Has(log, "container app waits: ErrImagePull"));
  EXPECT_TRUE(Has(log, "Back-off pulling image"));
}

TEST(RolloutTrackerTest, AQuotaIsSaidOnce) {
  Replay replay(AtOnce());
  Play(replay, "quota");
  const LogOfRollout& log = replay.logs["web.1"];
  EXPECT_EQ(OutcomeOf(log), "failed");
  EXPECT_EQ(std::ranges::count_if(log.entries,
                                  [](const Stored& stored) {
                                    return stored.note.text.find("exceeded quota") !=
                                               std::string::npos &&
                                           stored.note.source.starts_with("replicaset/");
                                  }),
            1);
}

TEST(RolloutTrackerTest, CrashLoopsAreASuccessToKubectlAndUnstableWithAWindow) {
  Replay kubectls(AtOnce());
  Play(kubectls, "crash");
  EXPECT_EQ(OutcomeOf(kubectls.logs["web.1"]), "succeeded");
  Replay ours;
  Play(ours, "crash");
  const LogOfRollout& log = ours.logs["web.1"];
  EXPECT_EQ(OutcomeOf(log), "failed");
  EXPECT_TRUE(log.outcome->reason.starts_with("unstable: web-")) << log.outcome->reason;
  EXPECT_TRUE(log.outcome->reason.find("/app exited with code 3 (Error)") != std::string::npos);
}

TEST(RolloutTrackerTest, APausedRolloutIsSupersededWhenAnImageComes) {
  Replay replay(AtOnce());
  Play(replay, "pause");
  EXPECT_EQ(OutcomeOf(replay.logs["web.1"]), "succeeded");
  EXPECT_EQ(OutcomeOf(replay.logs["web.2"]), "cancelled");
  EXPECT_EQ(replay.logs["web.2"].outcome->reason, "superseded by revision 3");
  EXPECT_EQ(OutcomeOf(replay.logs["web.3"]), "succeeded");
}

TEST(RolloutTrackerTest, OtherKinds) {
  Replay replay(AtOnce());
  Play(replay, "others");
  std::map<std::string, int> succeeded;
  for (const auto& [name, log] : replay.logs) {
    if (OutcomeOf(log) == "succeeded") ++succeeded[name.substr(0, name.find('.'))];
  }
  EXPECT_EQ(succeeded, (std::map<std::string, int>{{"agent", 2}, {"db", 2}, {"migrate", 1}}));
  EXPECT_EQ(OutcomeOf(replay.logs["bad.1"]), "failed");
  EXPECT_TRUE(replay.logs["bad.1"].outcome->reason.find("BackoffLimitExceeded") !=
              std::string::npos);
  EXPECT_EQ(replay.logs.size(), 6);
  for (const auto& [name, log] : replay.logs) EXPECT_FALSE(log.pods.empty()) << name;
}

TEST(RolloutTrackerTest, TheVerdictIsAlwaysKubectls) {
  for (const char* const name : {"success", "fail", "crash", "pull", "pause", "quota"}) {
    Replay replay(AtOnce());
    Play(replay, name);
    const LogOfRollout& first = replay.logs["web.1"];
    EXPECT_EQ(OutcomeOf(first), replay.said[0].starts_with("kubectl 0") ? "succeeded" : "failed")
        << name << ": " << replay.said[0];
  }
}

TEST(RolloutTrackerTest, WhatWasCompleteBeforeMakesNoLog) {
  Replay replay(AtOnce());
  const std::vector<RecordedStep> steps = ReadRecording("success");
  const auto first_verdict = std::ranges::find(steps, "kubectl", &RecordedStep::kind);
  for (auto step = steps.begin(); step != first_verdict; ++step) replay.Feed(*step);
  replay.Synced();
  EXPECT_TRUE(replay.logs.empty());
  for (auto step = first_verdict; step != steps.end(); ++step) replay.Feed(*step);
  EXPECT_EQ(replay.logs.size(), 2);
}

TEST(RolloutTrackerTest, TheWindowsAreWaitedFor) {
  Replay replay({.rollout = {.stability_ms = 60'000, .drain_ms = 0}});
  replay.Synced();
  for (const RecordedStep& step : ReadRecording("success")) {
    if (step.kind == "kubectl") break;
    replay.Feed(step);
  }
  EXPECT_EQ(OutcomeOf(replay.logs["web.1"]), "open");
  EXPECT_TRUE(Has(replay.logs["web.1"], "successfully rolled out"));
  replay.Pass(59 * kSecond);
  EXPECT_EQ(OutcomeOf(replay.logs["web.1"]), "open");
  replay.Pass(kSecond);
  EXPECT_EQ(OutcomeOf(replay.logs["web.1"]), "succeeded");
}

// The objects that a list would show behind the first `count` steps.
std::vector<RecordedStep> StateAfter(const std::vector<RecordedStep>& steps, size_t count) {
  ObjectReader reader;
  std::vector<std::pair<std::string, RecordedStep>> objects;
  for (size_t i = 0; i < count; ++i) {
    const RecordedStep& step = steps[i];
    if (step.kind == "kubectl") continue;
    const std::string uid = reader.ReadReplicaSet(step.json).value().meta.uid;
    std::erase_if(objects, [&uid](const auto& object) { return object.first == uid; });
    if (!step.deleted) objects.emplace_back(uid, step);
  }
  std::vector<RecordedStep> list;
  list.reserve(objects.size());
  for (auto& [uid, step] : objects) list.push_back(std::move(step));
  return list;
}

TEST(RolloutTrackerTest, ARestartBehindAnyStepTellsNothingTwiceAndEndsTheSame) {
  for (const char* const name : {"success", "crash", "pull", "pause", "quota", "others"}) {
    const std::vector<RecordedStep> steps = ReadRecording(name);
    Replay whole(AtOnce());
    Play(whole, name);
    for (size_t cut = 0; cut <= steps.size(); ++cut) {
      Replay replay(AtOnce());
      replay.Synced();
      for (size_t i = 0; i < cut; ++i) replay.Feed(steps[i]);
      replay.Restart();
      for (const RecordedStep& step : StateAfter(steps, cut)) replay.Feed(step);
      replay.Synced();
      for (size_t i = cut; i < steps.size(); ++i) replay.Feed(steps[i]);
      for (const auto& [log_name, log] : replay.logs) {
        SCOPED_TRACE(std::string(name) + " cut at " + std::to_string(cut) + ": " + log_name);
        EXPECT_EQ(OutcomeOf(log), OutcomeOf(whole.logs[log_name]));
        std::map<std::string, std::string> told;
        for (const Stored& stored : log.entries) {
          const auto [found, is_new] = told.try_emplace(stored.note.key, stored.note.value);
          EXPECT_TRUE(is_new || found->second != stored.note.value) << stored.note.text;
          found->second = stored.note.value;
        }
      }
    }
  }
}

// Steps up to the `count`th verdict of kubectl.
size_t BehindVerdict(const std::vector<RecordedStep>& steps, int count) {
  size_t at = 0;
  for (; at < steps.size() && count > 0; ++at) {
    if (steps[at].kind == "kubectl") --count;
  }
  return at;
}

TEST(RolloutTrackerTest, WhatBeganAndEndedBetweenTwoProcessesIsToldAfterwards) {
  const std::vector<RecordedStep> steps = ReadRecording("success");
  const size_t first = BehindVerdict(steps, 1);
  const size_t second = BehindVerdict(steps, 2);
  Replay replay(AtOnce());
  replay.Synced();
  for (size_t i = 0; i < first; ++i) replay.Feed(steps[i]);
  ASSERT_EQ(replay.logs.size(), 1);
  replay.RestartKnowing();
  for (const RecordedStep& step : StateAfter(steps, second)) replay.Feed(step);
  replay.Synced();
  ASSERT_EQ(replay.logs.size(), 2);
  const LogOfRollout& log = replay.logs["web.2"];
  EXPECT_EQ(OutcomeOf(log), "succeeded");
  EXPECT_TRUE(Has(log, "deployment web in success: revision 2"));
  EXPECT_TRUE(Has(log, "it began and ended while it was not followed"));
  EXPECT_TRUE(Has(log, "successfully rolled out"));
  ASSERT_FALSE(log.pods.empty());
  for (const std::string& pod : log.pods) EXPECT_TRUE(pod.starts_with("web-bf56c9f8-")) << pod;
  // And it goes on.
  for (size_t i = second; i < steps.size(); ++i) replay.Feed(steps[i]);
  EXPECT_EQ(OutcomeOf(replay.logs["web.3"]), "succeeded");
  EXPECT_EQ(replay.logs.size(), 3);
}

TEST(RolloutTrackerTest, WhatWasSeenIsNotMissed) {
  const std::vector<RecordedStep> steps = ReadRecording("success");
  Replay replay(AtOnce());
  replay.Synced();
  for (const RecordedStep& step : steps) replay.Feed(step);
  const size_t logs = replay.logs.size();
  replay.RestartKnowing();
  for (const RecordedStep& step : StateAfter(steps, steps.size())) replay.Feed(step);
  replay.Synced();
  EXPECT_EQ(replay.logs.size(), logs);
}

TEST(RolloutTrackerTest, NewWorkloadsAreMissedIfTheyAreNewerThanTheLastLook) {
  const std::vector<RecordedStep> steps = ReadRecording("others");
  Replay replay(AtOnce());
  replay.Synced();
  replay.RestartKnowing();  // had seen an empty cluster, before the recording
  for (const RecordedStep& step : StateAfter(steps, steps.size())) replay.Feed(step);
  replay.Synced();
  EXPECT_EQ(OutcomeOf(replay.logs["migrate.1"]), "succeeded");
  EXPECT_EQ(OutcomeOf(replay.logs["bad.1"]), "failed");
  Replay later(AtOnce());
  later.Pass(3'600 * kSecond * 24 * 365);
  later.Synced();
  later.RestartKnowing();  // so these were there when it looked, but not followed
  for (const RecordedStep& step : StateAfter(steps, steps.size())) later.Feed(step);
  later.Synced();
  EXPECT_TRUE(later.logs.empty());
}

TEST(RolloutTrackerTest, ARestartWhileAMissedOneIsToldGoesOnWithIt) {
  const std::vector<RecordedStep> steps = ReadRecording("success");
  const std::vector<RecordedStep> state = StateAfter(steps, BehindVerdict(steps, 2));
  Replay replay(AtOnce());
  replay.Synced();
  for (size_t i = 0; i < BehindVerdict(steps, 1); ++i) replay.Feed(steps[i]);
  replay.RestartKnowing();
  for (const RecordedStep& step : state) replay.Feed(step);
  replay.Synced();
  LogOfRollout& log = replay.logs["web.2"];
  log.outcome.reset();  // the end did not reach the disk, nor the verdict
  log.entries.pop_back();
  ASSERT_FALSE(Has(log, "successfully rolled out"));
  replay.Restart();
  for (const RecordedStep& step : state) replay.Feed(step);
  replay.Synced();
  EXPECT_EQ(OutcomeOf(log), "succeeded");
  EXPECT_TRUE(Has(log, "successfully rolled out"));
  std::map<std::string, int> told;
  for (const Stored& stored : log.entries) ++told[stored.fields];
  for (const auto& [fields, count] : told) EXPECT_EQ(count, 1) << fields;
}

}  // namespace
}  // namespace tailrace
