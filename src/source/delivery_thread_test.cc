#include "source/delivery_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <vector>

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = DeliveryStep::Kind;

// Answers as it was told, and then 200.
class ScriptedTransport final : public LogTransport {
 public:
  DeliveryReply Send(const DeliveryStep& step) override {
    kinds.push_back(step.kind);
    if (hangs) {
      arrived.count_down();
      cancelled.wait();
      return {.problem = "cancelled"};
    }
    if (replies.empty()) return {.status = 200};
    const DeliveryReply reply = replies.front();
    replies.pop_front();
    return reply;
  }
  void Cancel() override {
    if (hangs) cancelled.count_down();
  }

  std::deque<DeliveryReply> replies;
  std::vector<Kind> kinds;
  std::atomic<bool> hangs = false;
  std::latch arrived{1};
  std::latch cancelled{1};
};

class DeliveryThreadTest : public testing::Test {
 protected:
  DeliveryThreadTest() : random_(1) {
    spool_ = std::move(*Spool::CreateInMemory({{"t", "1"}, "p", "", "", true}, {}));
  }

  void Start() {
    thread_.emplace(
        *spool_, transport_, random_,
        Say{.note = [this](const std::string& text) { said_.push_back(text); }, .warn = {}},
        [this] { ended_.count_down(); }, DeliveryLimits{.first_wait_ms = 1, .longest_wait_ms = 2});
  }
  void Add() {
    std::string run;
    EncodeEntry(run, Entry{.time = 1, .text = "x"});
    ASSERT_TRUE(spool_->Append(run, 1));
  }

  SeededRandom random_;
  ScriptedTransport transport_;
  std::unique_ptr<Spool> spool_;
  std::latch ended_{1};
  std::vector<std::string> said_;
  std::optional<DeliveryThread> thread_;
};

TEST_F(DeliveryThreadTest, OverloadAndDrainAreWaitedOutInTheStateTheyCame) {
  transport_.replies = {{.status = 429, .problem = "429", .retry_after_ms = 1},
                        {.status = 201},
                        {.status = 503, .problem = "503", .retry_after_ms = 1},
                        {.status = 503, .problem = "503", .retry_after_ms = 0},
                        {.status = 429, .problem = "429"},
                        {.problem = "connection refused"},
                        {.status = 200},
                        {.status = 503, .problem = "503"}};
  Add();
  spool_->Finish(Outcome{});
  Start();
  ended_.wait();
  EXPECT_EQ(thread_->GetState(), DeliveryThread::State::kDone);
  EXPECT_THAT(transport_.kinds,
              ElementsAre(Kind::kCreate, Kind::kCreate, Kind::kAppend, Kind::kAppend, Kind::kAppend,
                          Kind::kAppend, Kind::kAppend, Kind::kEnd, Kind::kEnd));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("429; what is written is kept"), "the server is back"));
  EXPECT_EQ(spool_->Undelivered(), 0u);
}

TEST_F(DeliveryThreadTest, WakesUpForWhatComesLater) {
  Start();
  Add();
  Add();
  spool_->Finish(std::nullopt);
  ended_.wait();
  EXPECT_EQ(thread_->GetState(), DeliveryThread::State::kDone);
  EXPECT_EQ(spool_->Undelivered(), 0u);
}

TEST_F(DeliveryThreadTest, SaysWhyItGaveUp) {
  transport_.replies = {{.status = 401, .problem = "no"}};
  Start();
  ended_.wait();
  EXPECT_EQ(thread_->GetState(), DeliveryThread::State::kFailed);
  EXPECT_THAT(thread_->Problem(), HasSubstr("TAILRACE_TOKEN"));
}

TEST_F(DeliveryThreadTest, StopsInTheMiddleOfARequestAndWhileItWaits) {
  transport_.hangs = true;
  Add();
  Start();
  transport_.arrived.wait();
  thread_->Stop();
  EXPECT_EQ(thread_->GetState(), DeliveryThread::State::kRunning);
  EXPECT_EQ(spool_->Undelivered(), 1u);
  transport_.hangs = false;
  thread_.reset();
  Start();
  while (spool_->Undelivered() > 0) std::this_thread::yield();
  thread_->Stop();  // It waits for data now.
  EXPECT_EQ(thread_->GetState(), DeliveryThread::State::kRunning);
}

}  // namespace
}  // namespace tailrace
