#include "source/kubernetes/follow_entries.h"

#include <gtest/gtest.h>

#include <string>

namespace tailrace {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;

FollowTarget Target() {
  return {.namespace_name = "shop",
          .pod = "web-1",
          .pod_uid = "u1",
          .container = "app",
          .source = "web-1/app"};
}

ContainerInstance Life(std::string id) {
  return {.id = std::move(id),
          .started = 10 * kSecond,
          .finished = 12 * kSecond,
          .exit_code = 3,
          .reason = "Error"};
}

Entry Only(const EntryRun& run) {
  EntryReader reader(run.encoded);
  Entry entry;
  EXPECT_TRUE(reader.Next(entry));
  return entry;
}

void Take(FollowRecovery& recovery, const EntryRun& run) {
  recovery.Take(Only(run));
}

void TakeLine(FollowRecovery& recovery, TimeNs stamp, std::string_view text, bool partial = false) {
  recovery.Take(Entry{.time = stamp, .text = text, .source = "web-1/app", .partial = partial});
}

TEST(FollowEntries, SayWhatHappened) {
  EXPECT_EQ(Only(StartEntry(Target(), Life("c"), 0, 1)).text, "container app started");
  const EntryRun again = StartEntry(Target(), Life("c\"1"), 2, kSecond);
  EXPECT_EQ(Only(again).text, "container app started again (restart 2)");
  EXPECT_EQ(Only(again).fields, R"({"key":"start/u1/app","container_id":"c\"1","restart":2})");
  EXPECT_EQ(Only(again).stream, "event");
  EXPECT_EQ(Only(again).source, "web-1/app");
  const EntryRun exit = ExitEntry(Target(), Life("c"), 2);
  EXPECT_EQ(Only(exit).text, "container app exited with code 3 (Error) after 2 s");
  EXPECT_EQ(Only(exit).level, "error");
  EXPECT_EQ(Only(exit).time, 12 * kSecond);
  ContainerInstance killed = Life("c");
  killed.signal = 9;
  killed.reason = "OOMKilled";
  EXPECT_EQ(Only(ExitEntry(Target(), killed, 0)).text,
            "container app was killed by signal 9 (OOMKilled) after 2 s");
  EXPECT_EQ(Only(GapEntry(Target(), "c", 0, "lines are missing", 1)).lost, kLostUnknown);
}

TEST(FollowRecovery, FindsHowFarALifeWasRead) {
  FollowRecovery recovery;
  EXPECT_FALSE(recovery.Find("u1", "app"));
  TakeLine(recovery, kSecond, "of nobody");
  Take(recovery, StartEntry(Target(), Life("c1"), 0, kSecond));
  EXPECT_EQ(recovery.Find("u1", "app")->point.lines, 0u);
  TakeLine(recovery, kSecond, "one");
  TakeLine(recovery, 2 * kSecond, "two");
  recovery.Take(Entry{.time = 3 * kSecond,
                      .text = "Pulled",
                      .stream = "event",
                      .source = "web-1/app",
                      .fields = R"({"reason":"Pulled"})"});
  TakeLine(recovery, 3 * kSecond, "three ", true);
  auto before = recovery.Find("u1", "app");
  ASSERT_TRUE(before);
  EXPECT_EQ(before->point.container_id, "c1");
  EXPECT_EQ(before->point.lines, 2u);
  EXPECT_EQ(before->point.pieces, 1u);
  EXPECT_EQ(before->point.last, 2 * kSecond);
  EXPECT_FALSE(before->point.complete);
  Take(recovery, ExitEntry(Target(), Life("c1"), 0));
  EXPECT_TRUE(recovery.Find("u1", "app")->point.complete);
  Take(recovery, StartEntry(Target(), Life("c2"), 1, 4 * kSecond));
  before = recovery.Find("u1", "app");
  EXPECT_EQ(before->point.container_id, "c2");
  EXPECT_EQ(before->restart, 1u);
  EXPECT_FALSE(recovery.Find("u2", "app"));
  EXPECT_FALSE(recovery.Find("u1", "other"));
}

// The log is the state: a reader that goes on, and one that comes back, stand at the same point.
TEST(FollowRecovery, IsWhereTheReaderWas) {
  FollowRecovery recovery;
  Take(recovery, StartEntry(Target(), Life("c1"), 0, kSecond));
  ResumePoint point{.container_id = "c1"};
  TimeNs now = kSecond;
  for (int n = 0; n < 100; ++n) {
    now += n % 7 * kSecond / 4;
    const std::string text(n % 11 == 0 ? 20'000 : 10, 'x');
    if (n == 50) {
      point.SawGap();
      Take(recovery, GapEntry(Target(), "c1", 0, "rotated", now));
    }
    point.Saw(now, text.size());
    TakeLine(recovery, now, text.substr(0, 5), true);
    TakeLine(recovery, now, text.substr(5));
    const ResumePoint found = recovery.Find("u1", "app")->point;
    EXPECT_EQ(found.Since(), point.Since());
    EXPECT_EQ(found.older.first, point.older.first);
    EXPECT_EQ(found.older.lines, point.older.lines);
    EXPECT_EQ(found.newer.lines, point.newer.lines);
    EXPECT_EQ(found.lines, point.lines);
    EXPECT_EQ(found.equal, point.equal);
    EXPECT_EQ(found.latest, point.latest);
  }
}

// A pod of the same name comes again, as those of a StatefulSet do.
TEST(FollowRecovery, TellsPodsOfOneNameApart) {
  FollowRecovery recovery;
  Take(recovery, StartEntry(Target(), Life("c1"), 0, kSecond));
  TakeLine(recovery, kSecond, "one");
  FollowTarget second = Target();
  second.pod_uid = "u2";
  Take(recovery, StartEntry(second, Life("c2"), 0, kSecond));
  TakeLine(recovery, 2 * kSecond, "two");
  TakeLine(recovery, 2 * kSecond, "three");
  EXPECT_EQ(recovery.Find("u1", "app")->point.lines, 1u);
  EXPECT_EQ(recovery.Find("u2", "app")->point.lines, 2u);
}

// Anybody who may write to the log may write such entries.
TEST(FollowRecovery, FieldsOfOthersDoNoHarm) {
  FollowRecovery recovery;
  for (const std::string_view fields :
       {"", "{", "[]", "7", R"({"key":7})", R"({"key":"start"})", R"({"key":"start/"})",
        R"({"key":"start/u/c","container_id":{},"restart":-1})", R"({"key":"other/u/c"})"}) {
    recovery.Take(Entry{.text = "x", .stream = "event", .source = "s", .fields = fields});
  }
  EXPECT_EQ(recovery.Find("u", "c")->point.container_id, "");
}

}  // namespace
}  // namespace tailrace
