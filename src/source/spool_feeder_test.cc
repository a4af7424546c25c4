#include "source/spool_feeder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SpoolFeederTest : public testing::Test {
 protected:
  SpoolFeederTest() {
    SpoolOptions options;
    options.io.write = [this](int fd, const void* data, size_t size, off_t offset) -> ssize_t {
      errno = ENOSPC;
      return full_ ? -1 : ::pwrite(fd, data, size, offset);
    };
    spool_ = std::move(*Spool::CreateInMemory({{"t", "1"}, "p", "", "", true}, options));
    feeder_.emplace(*spool_, Say{.note = {}, .warn = [this](const std::string& text) {
                                   said_.push_back(text);
                                 }});
    recorder_.emplace(*feeder_);
  }

  void Line(const std::string& text) {
    recorder_->Add("stdout", {.time = 1, .text = text});
    recorder_->Flush();
  }
  // "text" or "text lost=n" of all that is in the spool.
  std::vector<std::string> Stored() {
    const auto batch = spool_->Read(1 << 20);
    std::vector<std::string> out;
    EntryReader reader(batch->encoded);
    Entry entry;
    while (reader.Next(entry)) {
      out.push_back(std::string(entry.text));
      if (entry.lost) out.back() += " lost=" + std::to_string(*entry.lost);
    }
    outcome_ = batch->outcome;
    return out;
  }

  bool full_ = false;
  std::unique_ptr<Spool> spool_;
  std::optional<SpoolFeeder> feeder_;
  std::optional<Recorder> recorder_;
  std::vector<std::string> said_;
  std::optional<Outcome> outcome_;
};

TEST_F(SpoolFeederTest, LostLinesAreSaidByTheNextOne) {
  Line("a");
  full_ = true;
  Line("b");
  Line("c");
  full_ = false;
  Line("d");
  Line("e");
  EXPECT_THAT(Stored(), ElementsAre("a", "d lost=2", "e"));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("No space left on device")));
}

TEST_F(SpoolFeederTest, ALossIsNotForgottenWhenTheLineThatSaysItIsLostToo) {
  full_ = true;
  Line("a");
  recorder_->Add("stdout", {.time = 1, .text = "b"});
  recorder_->Add("stdout", {.time = 1, .text = "c"});
  recorder_->Flush();
  full_ = false;
  Line("d");
  EXPECT_THAT(Stored(), ElementsAre("d lost=3"));
}

TEST_F(SpoolFeederTest, LinesLostAtTheEndAreAnEventOfTheirOwn) {
  Line("a");
  full_ = true;
  Line("b");
  full_ = false;
  recorder_->Finish(Outcome{}, 2);
  EXPECT_THAT(Stored(), ElementsAre("a", testing::AllOf(HasSubstr("the last 1 lines were lost"),
                                                        HasSubstr("lost=1"))));
}

TEST_F(SpoolFeederTest, OnADiskThatStaysFullTheOutcomeSaysIt) {
  full_ = true;
  Line("a");
  recorder_->Finish(Outcome{OutcomeKind::kFailed, 1, "exit code 1"}, 2);
  EXPECT_THAT(Stored(), ElementsAre());
  EXPECT_THAT(outcome_->reason, HasSubstr("exit code 1; the last 1 lines were lost"));
}

}  // namespace
}  // namespace tailrace
