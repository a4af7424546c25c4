#include "source/kubernetes/log_memory.h"

#include <gtest/gtest.h>

#include <string>

namespace tailrace {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;

LogMemory Blank() {
  return LogMemory(Rollout({"u", "7"}, {.stability_ms = 5'000, .drain_ms = 0}, kSecond));
}

EntryRun Event(std::string_view fields, std::string_view text, std::string_view level = "info") {
  EntryRun run;
  run.Add({.time = 9 * kSecond,
           .text = text,
           .stream = kEventStream,
           .source = "web-1/app",
           .level = level,
           .fields = fields});
  return run;
}

EntryRun Line(TimeNs time, std::string_view text, bool partial = false) {
  EntryRun run;
  run.Add({.time = time, .text = text, .source = "web-1/app", .partial = partial});
  return run;
}

std::vector<EntryRun> Entries() {
  return {Event(R"({"key":"pod/p/ready","value":"1"})", "ready"),
          Event(R"({"key":"missed","value":"500000000"})", "told now", "warning"),
          Event(R"({"key":"start/p/app","container_id":"c://1","restart":0})", "started"),
          Line(10 * kSecond, "error: no database"),
          Line(10 * kSecond + 1, "two"),
          Event(R"({"key":"exit/p/app","container_id":"c://1","code":3,"restart":0})", "exited",
                "error"),
          Event(R"({"key":"start/p/app","container_id":"c://2","restart":1})", "started again"),
          Line(12 * kSecond, "one"),
          Line(12 * kSecond, "two"),
          Event(R"({"key":"verdict","value":"1"})", "rolled out"),
          Event(R"({"key":"move/p/app","container_id":"c://3","restart":2})", "moved"),
          Line(13 * kSecond, std::string(100, 'x'), true),
          Line(13 * kSecond, "end"),
          Event(R"({"key":"gap/p/app","container_id":"c://2","restart":1})", "a gap", "warning"),
          Line(14 * kSecond + 5, "front", true),
          Event(R"({"key":"unstable","value":"1"})", "unstable: it is", "error")};
}

// What is kept of it says everything.
std::string Whole(LogMemory& memory) {
  EntryRun much = Line(20 * kSecond, std::string(2 << 20, 'x'));
  memory.Take(much);
  return memory.DueMemo().value();
}

TEST(LogMemoryTest, AMemoStandsForTheEntriesBeforeItWhereverItIsMade) {
  const std::vector<EntryRun> entries = Entries();
  LogMemory all = Blank();
  for (const EntryRun& run : entries) all.Take(run);
  const TimeNs judged = all.rollout().judged().value();
  const std::string whole = Whole(all);
  for (size_t cut = 0; cut <= entries.size(); ++cut) {
    LogMemory before = Blank();
    for (size_t i = 0; i < cut; ++i) before.Take(entries[i]);
    LogMemory after = Blank();
    ASSERT_TRUE(after.Restore(before.DueMemo().value()));
    for (size_t i = cut; i < entries.size(); ++i) after.Take(entries[i]);
    EXPECT_EQ(after.rollout().judged(), judged) << cut;
    EXPECT_EQ(after.rollout().began(), kSecond / 2) << cut;
    EXPECT_TRUE(after.rollout().IsMissed()) << cut;
    EXPECT_FALSE(after.rollout().WantsLines()) << cut;
    const FollowedBefore found = after.recovery().Find("p", "app").value();
    EXPECT_EQ(found.restart, 1) << cut;
    EXPECT_EQ(found.point.container_id, "c://2") << cut;
    EXPECT_EQ(found.point.pieces, 1) << cut;
    ASSERT_TRUE(found.later) << cut;
    EXPECT_EQ(found.later->container_id, "c://3") << cut;
    EXPECT_EQ(found.later->equal, 2) << cut;
    EXPECT_EQ(found.later->older.since_s, std::nullopt) << cut;
    EXPECT_EQ(Whole(after), whole) << cut;
  }
}

TEST(LogMemoryTest, TheFirstMemoIsDueAtOnceAndTheNextBehindSomeEntries) {
  LogMemory memory = Blank();
  memory.Take(Line(kSecond, "x"));
  EXPECT_TRUE(memory.DueMemo());
  memory.Take(Line(kSecond, "x"));
  EXPECT_FALSE(memory.DueMemo());
  memory.Take(Line(kSecond, std::string(LogMemory::kBytesBetweenMemos, 'x')));
  EXPECT_TRUE(memory.DueMemo());
  EXPECT_FALSE(memory.DueMemo());
}

TEST(LogMemoryTest, ADamagedMemoIsRefusedAndChangesNothing) {
  LogMemory memory = Blank();
  for (const EntryRun& run : Entries()) memory.Take(run);
  const std::string good = memory.DueMemo().value();
  LogMemory other = Blank();
  const std::string half = good.substr(0, good.size() / 2);
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("\2{}\2{}"), half,
        good.substr(0, good.size() - 1), good + "x",
        good.substr(0, good.size() - 9) + "!" + good.substr(good.size() - 8)}) {
    EXPECT_FALSE(other.Restore(bad)) << bad;
  }
  EXPECT_FALSE(other.recovery().Find("p", "app"));
  EXPECT_TRUE(other.Restore(good));
}

}  // namespace
}  // namespace tailrace
