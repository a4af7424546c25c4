#include "rollout/objects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "rollout/recorded.h"

namespace tailrace {
namespace {

std::string Padded(std::string json) {
  json.reserve(json.size() + 64);
  return json;
}

TEST(ObjectsTest, APodWithAllKindsOfContainers) {
  const std::string json = Padded(R"({"metadata":{"name":"web-1","namespace":"shop","uid":"u1",
    "labels":{"controller-revision-hash":"web-5f"},
    "annotations":{"tailrace.dev/log":"deploy/42","else":"x"},
    "ownerReferences":[{"kind":"Node","name":"n","uid":"no"},
                       {"kind":"StatefulSet","name":"web","uid":"u2","controller":true}]},
    "spec":{"nodeName":"n1","initContainers":[{"name":"mesh","restartPolicy":"Always"},
                                              {"name":"migrate"}]},
    "status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}],
     "initContainerStatuses":[
       {"name":"mesh","restartCount":0,"containerID":"c://1",
        "state":{"running":{"startedAt":"2026-11-23T04:22:50Z"}}},
       {"name":"migrate","restartCount":0,"state":{"terminated":{"exitCode":0,"reason":"Completed",
        "containerID":"c://2","finishedAt":"2026-11-23T04:22:51Z"}}}],
     "containerStatuses":[
       {"name":"app","restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
        "lastState":{"terminated":{"exitCode":137,"signal":9,"containerID":"c://3"}}}]}})");
  ObjectReader reader;
  const Pod pod = reader.ReadPod(json).value();
  EXPECT_EQ(pod.meta.owner_uid, "u2");
  EXPECT_EQ(pod.revision, "5f");
  EXPECT_EQ(pod.meta.annotations.size(), 1);
  ASSERT_EQ(pod.containers.size(), 3);
  EXPECT_EQ(pod.containers[0].role, Container::Role::kSidecar);
  EXPECT_EQ(pod.containers[0].current.id, "c://1");
  EXPECT_EQ(pod.containers[0].current.started, 1'795'407'770'000'000'000);
  EXPECT_EQ(pod.containers[1].role, Container::Role::kInit);
  EXPECT_EQ(pod.containers[1].state, Container::State::kTerminated);
  EXPECT_EQ(pod.containers[2].reason, "CrashLoopBackOff");
  EXPECT_EQ(pod.containers[2].last->signal, 9);
  EXPECT_EQ(pod.containers[2].restarts, 2);
}

TEST(ObjectsTest, ADeploymentWithoutStatusHasNoCounts) {
  const std::string json =
      Padded(R"({"metadata":{"name":"web","uid":"u"},"spec":{"replicas":3,"paused":true}})");
  ObjectReader reader;
  const Workload web = reader.ReadWorkload(WorkloadKind::kDeployment, json).value();
  EXPECT_EQ(web.desired, 3);
  EXPECT_EQ(web.observed_generation, 0);
  EXPECT_TRUE(web.paused);
  EXPECT_EQ(web.revision, "");
}

TEST(ObjectsTest, LargeAnnotationsAreLeftOut) {
  const std::string large(kMaxAnnotationBytes + 1, 'x');
  const std::string json =
      Padded(R"({"metadata":{"annotations":{"b":"1","a":")" + large +
             R"(","kubectl.kubernetes.io/last-applied-configuration":"{}"}}})");
  ObjectReader reader;
  const Workload web = reader.ReadWorkload(WorkloadKind::kDeployment, json).value();
  EXPECT_EQ(web.meta.annotations, (Annotations{{"b", "1"}}));
}

TEST(ObjectsTest, WhatIsNoObjectIsRefused) {
  ObjectReader reader;
  for (const char* const text : {"", "[]", "{", "\"x\"", "null"}) {
    EXPECT_FALSE(reader.ReadPod(Padded(text))) << text;
  }
  EXPECT_TRUE(reader.ReadPod(Padded("{}")));
  EXPECT_TRUE(reader.ReadEvent(Padded(R"({"involvedObject":7,"count":"x"})")));
}

TEST(ObjectsTest, AnEventOfAContainer) {
  const std::string json = Padded(R"({"metadata":{"uid":"e1"},"involvedObject":{"kind":"Pod",
    "name":"web-1","uid":"u1","fieldPath":"spec.containers{app}"},"reason":"BackOff",
    "message":"m","type":"Warning","count":3,"lastTimestamp":"2026-11-23T04:22:50Z"})");
  ObjectReader reader;
  const KubeEvent event = reader.ReadEvent(json).value();
  EXPECT_EQ(event.container, "app");
  EXPECT_EQ(event.count, 3);
  EXPECT_TRUE(event.warning);
  EXPECT_EQ(event.time, 1'795'407'770'000'000'000);
}

TEST(ObjectsTest, AnObjectCutAnywhereIsRefusedOrRead) {
  ObjectReader reader;
  const std::vector<RecordedStep> steps = ReadRecording("crash");
  const auto pod = std::ranges::find(steps, "Pod", &RecordedStep::kind);
  ASSERT_NE(pod, steps.end());
  for (size_t size = 0; size < pod->json.size(); ++size) {
    EXPECT_FALSE(reader.ReadPod(Padded(pod->json.substr(0, size)))) << size;
  }
}

}  // namespace
}  // namespace tailrace
