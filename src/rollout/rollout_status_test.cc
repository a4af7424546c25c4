#include "rollout/rollout_status.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

using State = RolloutStatus::State;

Workload Make(WorkloadKind kind) {
  Workload workload{.kind = kind};
  workload.meta = {.name = "web", .generation = 2};
  workload.observed_generation = 2;
  workload.desired = workload.updated = workload.existing = workload.ready = workload.available = 3;
  return workload;
}

TEST(RolloutStatusTest, DeploymentInKubectlsOrder) {
  Workload web = Make(WorkloadKind::kDeployment);
  EXPECT_EQ(JudgeRollout(web).state, State::kDone);
  EXPECT_EQ(JudgeRollout(web).words, "deployment \"web\" successfully rolled out");
  web.available = 1;
  EXPECT_EQ(JudgeRollout(web).words, "1 of 3 updated replicas are available");
  web.existing = 5;
  EXPECT_EQ(JudgeRollout(web).words, "2 old replicas are pending termination");
  web.updated = 2;
  EXPECT_EQ(JudgeRollout(web).words, "2 out of 3 new replicas have been updated");
  web.conditions = {{"Progressing", "False", "ProgressDeadlineExceeded", ""}};
  EXPECT_EQ(JudgeRollout(web).state, State::kFailed);
  EXPECT_EQ(JudgeRollout(web).words, "deployment \"web\" exceeded its progress deadline");
  web.meta.generation = 3;  // the deadline was that of the generation before
  EXPECT_EQ(JudgeRollout(web).state, State::kWaiting);
  web.observed_generation = 3;
  web.conditions.clear();
  web.desired = web.updated = web.existing = web.available = 0;
  EXPECT_EQ(JudgeRollout(web).state, State::kDone);
}

TEST(RolloutStatusTest, StatefulSet) {
  Workload db = Make(WorkloadKind::kStatefulSet);
  EXPECT_EQ(JudgeRollout(db).state, State::kDone);
  db.updated = 1;
  EXPECT_EQ(JudgeRollout(db).words, "1 out of 3 new pods have been updated");
  db.partition = 2;
  EXPECT_EQ(JudgeRollout(db).state, State::kDone);
  db.ready = 2;
  EXPECT_EQ(JudgeRollout(db).words, "1 pods are not ready yet");
  db.meta.generation = db.observed_generation = 0;
  EXPECT_EQ(JudgeRollout(db).words, "waiting for the change to be seen by its controller");
}

TEST(RolloutStatusTest, DaemonSet) {
  Workload agent = Make(WorkloadKind::kDaemonSet);
  EXPECT_EQ(JudgeRollout(agent).words, "daemon set \"web\" successfully rolled out");
  agent.available = 2;
  EXPECT_EQ(JudgeRollout(agent).words, "2 of 3 updated pods are available");
  agent.updated = 1;
  EXPECT_EQ(JudgeRollout(agent).words, "1 out of 3 new pods have been updated");
}

TEST(RolloutStatusTest, JobAndPod) {
  Workload job = Make(WorkloadKind::kJob);
  job.succeeded = 1;
  EXPECT_EQ(JudgeRollout(job).words, "1 of 3 completions");
  job.conditions = {{"Failed", "True", "BackoffLimitExceeded", "too many"}};
  EXPECT_EQ(JudgeRollout(job).state, State::kFailed);
  EXPECT_EQ(JudgeRollout(job).words, "job \"web\" has failed: BackoffLimitExceeded: too many");
  job.conditions = {{"Complete", "True", "", ""}};
  EXPECT_EQ(JudgeRollout(job).state, State::kDone);
  Workload pod = Make(WorkloadKind::kPod);
  EXPECT_EQ(JudgeRollout(pod).state, State::kWaiting);
  pod.phase = "Failed";
  EXPECT_EQ(JudgeRollout(pod).state, State::kFailed);
}

}  // namespace
}  // namespace tailrace
