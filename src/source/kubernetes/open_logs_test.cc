#include "source/kubernetes/open_logs.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>

#include "rollout/log_name.h"
#include "store/memory_store.h"

namespace tailrace {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;

struct OpenLogsTest : ::testing::Test {
  void Make(const std::string& id, Labels labels) {
    std::promise<void> made;
    store.Create({.key = {"rollout", id},
                  .labels = std::move(labels),
                  .done = [&made](const Result<CreateRequest::Answer>&) { made.set_value(); }});
    made.get_future().wait();
  }
  void Append(const std::string& id, const Entry& entry, bool ends = false) {
    std::promise<void> stored;
    AppendRequest request{.key = {"rollout", id}};
    request.run.Add(entry);
    if (ends) request.end = Outcome{};
    request.done = [&stored](const Result<AppendAnswer>&) { stored.set_value(); };
    store.Append(std::move(request));
    stored.get_future().wait();
  }
  std::vector<OpenLog> Read() {
    const std::atomic<bool> stop = false;
    return ReadOpenLogs(store, "east", {.stability_ms = 0, .drain_ms = 0}, stop).value();
  }
  static Labels Ours(const std::string& cluster) {
    return {{kClusterLabel, cluster}, {kUidLabel, "u"}, {kRevisionLabel, "7"}};
  }

  MemoryStore store;
};

TEST_F(OpenLogsTest, OnlyThisClustersOpenRollouts) {
  Make("open", Ours("east"));
  Make("elsewhere", Ours("west"));
  Make("portal", {{kClusterLabel, "east"}});
  Make("ended", Ours("east"));
  Append("ended", {.text = "x"}, true);
  const std::vector<OpenLog> logs = Read();
  ASSERT_EQ(logs.size(), 1);
  EXPECT_EQ(logs[0].key.id, "open");
  EXPECT_EQ(logs[0].rollout->id(), (RolloutId{"u", "7"}));
}

TEST_F(OpenLogsTest, WhatEachHadToldAndRead) {
  Make("open", Ours("east"));
  Append("open", {.time = 5 * kSecond,
                  .text = "deployment \"web\" successfully rolled out",
                  .stream = "event",
                  .source = "deployment/web",
                  .level = "info",
                  .fields = R"({"key":"verdict","value":"1"})"});
  Append("open", {.time = 5 * kSecond,
                  .text = "container app started",
                  .stream = "event",
                  .source = "web-1/app",
                  .level = "info",
                  .fields = R"({"key":"start/p/app","container_id":"c://1","restart":2})"});
  Append("open", {.time = 6 * kSecond, .text = "line", .source = "web-1/app"});
  const std::vector<OpenLog> logs = Read();
  ASSERT_EQ(logs.size(), 1);
  EXPECT_EQ(logs[0].rollout->judged(), 5 * kSecond);
  const auto before = logs[0].memory.recovery().Find("p", "app");
  ASSERT_TRUE(before);
  EXPECT_EQ(before->restart, 2);
  EXPECT_EQ(before->point.container_id, "c://1");
  EXPECT_EQ(before->point.lines, 1);
}

TEST_F(OpenLogsTest, AMemoStandsForTheEntriesBeforeIt) {
  LogMemory memory(Rollout({"u", "7"}, {}, kSecond));
  EntryRun start;
  start.Add({.time = kSecond,
             .stream = "event",
             .source = "web-1/app",
             .fields = R"({"key":"start/p/app","container_id":"c://1","restart":0})"});
  start.Add({.time = 2 * kSecond, .text = "line", .source = "web-1/app"});
  memory.Take(start);
  Make("open", Ours("east"));
  for (const bool is_damaged : {false, true}) {
    AppendRequest request{.key = {"rollout", "open"}};
    request.producer = ProducerMark{"kubernetes", is_damaged ? 1u : 0u};
    // What the memo knows is in no entry, as if these had been cut.
    request.run.Add({.time = 3 * kSecond, .text = "cut", .source = "web-1/app"});
    request.memo = is_damaged ? "{" : memory.DueMemo();
    std::promise<void> stored;
    request.done = [&stored](const Result<AppendAnswer>&) { stored.set_value(); };
    store.Append(std::move(request));
    stored.get_future().wait();
    Append("open", {.time = 4 * kSecond, .text = "line", .source = "web-1/app"});
    const std::vector<OpenLog> logs = Read();
    ASSERT_EQ(logs.size(), 1);
    const auto before = logs[0].memory.recovery().Find("p", "app");
    ASSERT_EQ(before.has_value(), !is_damaged);
    if (is_damaged) continue;
    EXPECT_EQ(before->point.lines, 2);
    EXPECT_EQ(before->point.last, 4 * kSecond);
  }
}

TEST_F(OpenLogsTest, AStopIsHeeded) {
  Make("open", Ours("east"));
  const std::atomic<bool> stop = true;
  EXPECT_EQ(ReadOpenLogs(store, "east", {}, stop).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tailrace
