#include "source/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tailrace {
namespace {

using testing::ElementsAre;

class Target final : public RunTarget {
 public:
  bool Take(RecordedRun& run) override {
    if (refuses) return false;
    runs.push_back(std::to_string(run.count) + " after " + std::to_string(run.lost_before));
    bytes += run.encoded.size();
    run.encoded.clear();
    return true;
  }
  void Finish(std::optional<Outcome> outcome, uint64_t lost, TimeNs) override {
    runs.push_back("end after " + std::to_string(lost) + (outcome ? " with outcome" : ""));
  }

  bool refuses = false;
  size_t bytes = 0;
  std::vector<std::string> runs;
};

class RecorderTest : public testing::Test {
 protected:
  void Lines(int count) {
    for (int i = 0; i < count; ++i) recorder_.Add("stdout", {.time = 1, .text = "x"});
  }
  Target target_;
  Recorder recorder_{target_};
};

TEST_F(RecorderTest, HandsOnWhatATurnHasBrought) {
  recorder_.Flush();
  Lines(2);
  recorder_.Flush();
  recorder_.Flush();
  Lines(3);
  recorder_.Finish(Outcome{}, 1);
  EXPECT_THAT(target_.runs, ElementsAre("2 after 0", "3 after 0", "end after 0 with outcome"));
  EXPECT_EQ(recorder_.Lines(), 5u);
}

TEST_F(RecorderTest, LongTurnsAreSeveralRuns) {
  const std::string text(100'000, 'x');
  for (int i = 0; i < 7; ++i) recorder_.Add("", {.time = 1, .text = text});
  recorder_.Flush();
  EXPECT_THAT(target_.runs, ElementsAre("3 after 0", "3 after 0", "1 after 0"));
}

TEST_F(RecorderTest, WhatIsRefusedIsSaidByTheNextRunThatIsTaken) {
  target_.refuses = true;
  for (const int count : {2, 3}) {
    Lines(count);
    recorder_.Flush();
  }
  target_.refuses = false;
  Lines(1);
  recorder_.Flush();
  Lines(1);
  recorder_.Flush();
  target_.refuses = true;
  Lines(4);
  recorder_.Finish(std::nullopt, 1);
  EXPECT_THAT(target_.runs, ElementsAre("1 after 5", "1 after 0", "end after 4"));
  EXPECT_EQ(recorder_.Lines(), 11u);
}

}  // namespace
}  // namespace tailrace
