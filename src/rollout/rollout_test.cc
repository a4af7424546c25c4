#include "rollout/rollout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace tailrace {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;
constexpr TimeNs kBegan = 1'000'000 * kSecond;

Workload Web(int64_t available) {
  Workload web;
  web.meta = {.name = "web", .namespace_name = "shop", .uid = "u", .generation = 1};
  web.revision = "7";
  web.observed_generation = 1;
  web.desired = web.updated = web.existing = 2;
  web.available = available;
  return web;
}

Pod Crashed(int64_t restarts, std::string id) {
  Pod pod;
  pod.meta = {.name = "web-1", .uid = "p", .owner_kind = "ReplicaSet", .owner_uid = "r"};
  pod.phase = "Running";
  Container app{.name = "app", .state = Container::State::kTerminated, .restarts = restarts};
  app.current = {.id = std::move(id), .exit_code = 3, .reason = "Error"};
  pod.containers = {app};
  return pod;
}

Rollout Make(uint64_t stability_ms = 10'000, uint64_t drain_ms = 30'000) {
  return {
      {.uid = "u", .revision = "7"}, {.stability_ms = stability_ms, .drain_ms = drain_ms}, kBegan};
}

std::string Texts(Rollout& rollout) {
  std::string texts;
  for (const Note& note : rollout.TakeNotes()) texts += note.text + "\n";
  return texts;
}

TEST(RolloutTest, ProgressIsToldOnceForEachChange) {
  Rollout rollout = Make();
  rollout.Begin(Web(0), kBegan);
  EXPECT_EQ(Texts(rollout),
            "deployment web in shop: revision 7, 2 replicas\n0 of 2 updated replicas are "
            "available\n");
  rollout.OnWorkload(Web(0), kBegan + kSecond);
  EXPECT_EQ(Texts(rollout), "");
  rollout.OnWorkload(Web(1), kBegan + kSecond);
  EXPECT_EQ(Texts(rollout), "1 of 2 updated replicas are available\n");
}

TEST(RolloutTest, OldPodsAreWaitedForButNotForEver) {
  Rollout rollout = Make(0, 30'000);
  rollout.OnOldPods(1, kBegan);
  rollout.OnWorkload(Web(2), kBegan);
  EXPECT_TRUE(rollout.judged());
  EXPECT_FALSE(rollout.outcome());
  EXPECT_EQ(rollout.NextTick(), kBegan + 30 * kSecond);
  rollout.Tick(kBegan + 29 * kSecond);
  EXPECT_FALSE(rollout.outcome());
  rollout.Tick(kBegan + 30 * kSecond);
  EXPECT_EQ(rollout.outcome()->kind, OutcomeKind::kSucceeded);
}

TEST(RolloutTest, TheEndComesWithTheLastOldPod) {
  Rollout rollout = Make(0, 30'000);
  rollout.OnOldPods(1, kBegan);
  rollout.OnWorkload(Web(2), kBegan);
  rollout.OnOldPods(0, kBegan + kSecond);
  EXPECT_EQ(rollout.outcome()->kind, OutcomeKind::kSucceeded);
}

TEST(RolloutTest, AnExitWithinTheWindowIsUnstable) {
  Rollout rollout = Make();
  rollout.OnPod(Crashed(0, "before"), kBegan);
  rollout.OnWorkload(Web(2), kBegan);
  rollout.OnPod(Crashed(0, "before"), kBegan + kSecond);
  EXPECT_FALSE(rollout.outcome());
  rollout.OnPod(Crashed(1, "after"), kBegan + 4 * kSecond);
  ASSERT_TRUE(rollout.outcome());
  EXPECT_EQ(rollout.outcome()->kind, OutcomeKind::kFailed);
  EXPECT_EQ(rollout.outcome()->reason,
            "unstable: web-1/app exited with code 3 (Error) within 4 s after the verdict");
}

TEST(RolloutTest, AnExitBehindTheWindowOrOfAStoppedPodIsNot) {
  Rollout late = Make();
  late.OnWorkload(Web(2), kBegan);
  late.OnPod(Crashed(1, "x"), kBegan + 10 * kSecond);
  late.Tick(kBegan + 10 * kSecond);
  EXPECT_EQ(late.outcome()->kind, OutcomeKind::kSucceeded);
  Rollout stopped = Make();
  stopped.OnWorkload(Web(2), kBegan);
  Pod pod = Crashed(0, "x");
  pod.meta.deleting = true;
  stopped.OnPod(pod, kBegan);
  EXPECT_FALSE(stopped.outcome());
}

TEST(RolloutTest, SupersededBeforeTheVerdictIsCancelledAndAfterItKeepsTheVerdict) {
  Rollout before = Make();
  before.OnWorkload(Web(1), kBegan);
  before.OnSuperseded("8", kBegan);
  EXPECT_EQ(*before.outcome(),
            (Outcome{.kind = OutcomeKind::kCancelled, .reason = "superseded by revision 8"}));
  Rollout after = Make();
  after.OnWorkload(Web(2), kBegan);
  after.OnSuperseded("8", kBegan);
  EXPECT_EQ(after.outcome()->kind, OutcomeKind::kSucceeded);
}

TEST(RolloutTest, DeletionCancels) {
  Rollout rollout = Make();
  rollout.OnWorkload(Web(1), kBegan);
  rollout.OnDeleted(kBegan);
  EXPECT_EQ(*rollout.outcome(),
            (Outcome{.kind = OutcomeKind::kCancelled, .reason = "deployment \"web\" was deleted"}));
}

TEST(RolloutTest, PauseAndResumeAreTold) {
  Rollout rollout = Make();
  Workload web = Web(1);
  rollout.OnWorkload(web, kBegan);
  Texts(rollout);
  web.paused = true;
  rollout.OnWorkload(web, kBegan);
  EXPECT_EQ(Texts(rollout), "the rollout is paused\n");
  web.paused = false;
  rollout.OnWorkload(web, kBegan);
  EXPECT_EQ(Texts(rollout), "the rollout goes on\n");
}

TEST(RolloutTest, RepeatedEventsAreToldWhenTheirCountHasDoubled) {
  Rollout rollout = Make();
  KubeEvent event{.uid = "e", .object_kind = "Pod", .object_name = "web-1", .reason = "Unhealthy"};
  std::vector<int64_t> told;
  for (event.count = 1; event.count <= 20; ++event.count) {
    rollout.OnEvent(event, kBegan);
    if (!rollout.TakeNotes().empty()) told.push_back(event.count);
  }
  EXPECT_EQ(told, (std::vector<int64_t>{1, 2, 4, 8, 16}));
}

TEST(RolloutTest, WhiteSpaceAtTheEndOfAMessageIsLeftOut) {
  Rollout rollout = Make();
  KubeEvent event{.uid = "e", .object_kind = "Pod", .object_name = "web-1", .reason = "Unhealthy"};
  event.message = "Readiness probe failed: ";
  event.count = 2;
  rollout.OnEvent(event, kBegan);
  EXPECT_EQ(Texts(rollout), "Unhealthy: Readiness probe failed: (2 times)\n");
  event = {.uid = "f", .object_kind = "Pod", .object_name = "web-1", .reason = "Killing"};
  event.message = " \r\n";
  rollout.OnEvent(event, kBegan);
  EXPECT_EQ(Texts(rollout), "Killing\n");
}

TEST(RolloutTest, TheSummaryHasRestartsAndTheFirstErrorLine) {
  Rollout rollout = Make(0);
  rollout.OnPod(Crashed(2, "x"), kBegan);
  rollout.OnLine("web-1/app", "starting");
  rollout.OnLine("web-1/app", "error: no database");
  rollout.OnLine("web-1/app", "error: again");
  Workload web = Web(1);
  web.conditions = {{"Progressing", "False", "ProgressDeadlineExceeded", ""}};
  rollout.OnWorkload(web, kBegan);
  EXPECT_EQ(rollout.Summary(kBegan + 83 * kSecond).text,
            "failed after 1 min 23 s: deployment \"web\" exceeded its progress deadline; web-1/app "
            "exited with code 3 (Error); 2 replicas, 2 restarts; first error line: web-1/app: "
            "error: no database");
}

TEST(RolloutTest, WhatTheLogSaysIsRecalled) {
  Rollout rollout = Make();
  const TimeNs verdict_time = kBegan + 5 * kSecond;
  rollout.Recall({.time = verdict_time,
                  .text = "deployment \"web\" successfully rolled out",
                  .stream = "event",
                  .source = "deployment/web",
                  .level = "info",
                  .fields = R"({"key":"verdict","value":"5"})"});
  rollout.Recall({.time = verdict_time,
                  .text = "container app exited with code 3 (Error)",
                  .stream = "event",
                  .source = "web-1/app",
                  .level = "error",
                  .fields = R"({"key":"exit/p/app","container_id":"x","code":3,"restart":4})"});
  EXPECT_TRUE(rollout.judged());
  rollout.OnPod(Crashed(4, "x"), verdict_time + kSecond);
  EXPECT_FALSE(rollout.outcome());  // the exit was before
  rollout.Tick(verdict_time + 10 * kSecond);
  ASSERT_TRUE(rollout.outcome());
  EXPECT_EQ(rollout.outcome()->reason, "deployment \"web\" successfully rolled out");
  EXPECT_NE(rollout.Summary(verdict_time).text.find("4 restarts"), std::string::npos);
}

Workload RolledOutAt(TimeNs time) {
  Workload web = Web(2);
  web.conditions = {{"Progressing", "True", "NewReplicaSetAvailable", "", time}};
  return web;
}

TEST(RolloutTest, AMissedOneHasTheVerdictOfItsTime) {
  Rollout rollout = Make();
  const TimeNs now = kBegan + 3'600 * kSecond;
  Workload web = RolledOutAt(kBegan + 42 * kSecond);
  web.available = 1;  // since then
  rollout.BeginAfterwards(web, now);
  EXPECT_EQ(rollout.lines_until(), kBegan + 53 * kSecond);
  KubeEvent event{.uid = "e", .object_kind = "Pod", .object_name = "web-1", .reason = "Killing"};
  event.time = now;
  rollout.OnEvent(event, now);
  event.uid = "f";
  event.reason = "Pulled";
  event.time = kBegan + kSecond;
  rollout.OnEvent(event, now);
  rollout.OnWorkload(web, now);
  EXPECT_EQ(Texts(rollout),
            "deployment web in shop: revision 7, 2 replicas\n"
            "it began and ended while it was not followed; what is still there is told now\n"
            "Pulled\ndeployment \"web\" successfully rolled out\n");
  ASSERT_TRUE(rollout.outcome());
  EXPECT_EQ(rollout.Summary(now).text,
            "succeeded after 42 s: deployment \"web\" successfully rolled out; 2 replicas, 0 "
            "restarts");
}

TEST(RolloutTest, AnExitSoonAfterAMissedVerdictIsUnstable) {
  const TimeNs now = kBegan + 3'600 * kSecond;
  const TimeNs verdict = kBegan + 42 * kSecond;
  for (const auto& [finished, reason] : std::map<TimeNs, std::string>{
           {verdict - kSecond, "deployment \"web\" successfully rolled out"},
           {verdict + 4 * kSecond,
            "unstable: web-1/app exited with code 3 (Error) within 4 s after the verdict"},
           {verdict + 10 * kSecond, "deployment \"web\" successfully rolled out"}}) {
    Rollout rollout = Make();
    rollout.BeginAfterwards(RolledOutAt(verdict), now);
    Pod pod = Crashed(0, "x");
    pod.containers[0].current.finished = finished;
    rollout.OnPod(pod, now);
    EXPECT_FALSE(rollout.outcome());
    rollout.OnWorkload(RolledOutAt(verdict), now);
    ASSERT_TRUE(rollout.outcome());
    EXPECT_EQ(rollout.outcome()->reason, reason);
  }
}

TEST(RolloutTest, AMissedFailureSaysWhatItsPodsWaitFor) {
  Rollout rollout = Make();
  Workload web = Web(1);
  web.conditions = {{"Progressing", "False", "ProgressDeadlineExceeded", "", kBegan + kSecond}};
  rollout.BeginAfterwards(web, kBegan + 9 * kSecond);
  EXPECT_EQ(rollout.lines_until(), Rollout::kNoLimit);
  Pod pod;
  pod.meta = {.name = "web-1", .uid = "p", .owner_kind = "ReplicaSet", .owner_uid = "r"};
  pod.containers = {{.name = "app", .reason = "ErrImagePull", .message = "no such image"}};
  rollout.OnPod(pod, kBegan + 9 * kSecond);
  rollout.OnWorkload(web, kBegan + 9 * kSecond);
  EXPECT_EQ(rollout.outcome()->reason,
            "deployment \"web\" exceeded its progress deadline; web-1/app: container app waits: "
            "ErrImagePull: no such image");
}

}  // namespace
}  // namespace tailrace
