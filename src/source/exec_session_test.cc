#include "source/exec_session.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <mutex>

namespace tailrace {
namespace {

using testing::Contains;
using testing::HasSubstr;

// A server that is there, or is not.
class FakeTransport final : public LogTransport {
 public:
  DeliveryReply Send(const DeliveryStep& step) override {
    if (away) return {.problem = "connection refused"};
    if (step.kind == DeliveryStep::Kind::kAppend) body += *step.body;
    if (step.kind == DeliveryStep::Kind::kEnd) end = *step.body;
    return {.status = refuse_with > 0 ? refuse_with : 200, .problem = "no"};
  }
  void Cancel() override {}

  std::atomic<bool> away = false;
  int refuse_with = 0;
  std::string body;
  std::string end;
};

class ExecSessionTest : public testing::Test {
 protected:
  ExecSessionTest() : random_(1) {
    SpoolOptions options;
    options.io.write = [this](int fd, const void* data, size_t size, off_t offset) {
      if (hangs_) released_.wait();
      return ::pwrite(fd, data, size, offset);
    };
    spool_ = std::move(*Spool::CreateInMemory({{"t", "1"}, "p", "", "", true}, options));
    // The command's output is not the test's.
    stdout_ = ::dup(STDOUT_FILENO);
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    ::close(null);
  }
  ~ExecSessionTest() override {
    ::dup2(stdout_, STDOUT_FILENO);
    ::close(stdout_);
  }

  ExecResult Run(const std::string& script, ExecOptions options = {}) {
    if (options.command.empty()) options.command = {"sh", "-c", script};
    const auto warn = [this](const std::string& text) {
      const std::lock_guard lock(mutex_);
      warned_.push_back(text);
    };
    session_.emplace(std::move(options), *spool_, transport_, random_,
                     Say{.note = [](const std::string&) {}, .warn = warn});
    return session_->Run();
  }

  SeededRandom random_;
  FakeTransport transport_;
  std::atomic<bool> hangs_ = false;
  std::latch released_{1};
  std::unique_ptr<Spool> spool_;
  int stdout_ = -1;
  std::mutex mutex_;
  std::vector<std::string> warned_;
  std::optional<ExecSession> session_;
};

TEST_F(ExecSessionTest, DeliversLinesAndTheEnd) {
  const ExecResult result = Run("echo one; echo two; exit 3");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_TRUE(result.delivered);
  EXPECT_FALSE(result.stuck);
  EXPECT_EQ(result.lines, 2u);
  EXPECT_EQ(result.outcome.kind, OutcomeKind::kFailed);
  EXPECT_THAT(transport_.body, HasSubstr("\"stream\":\"stdout\",\"text\":\"one\"}\n"));
  EXPECT_THAT(transport_.body, HasSubstr("\"two\"}\n"));
  EXPECT_EQ(transport_.end, R"({"outcome":"failed","exit_code":3,"reason":"exit code 3"})");
  EXPECT_TRUE(warned_.empty());
}

TEST_F(ExecSessionTest, ACommandThatDoesNotStartEndsTheLog) {
  const ExecResult result = Run("", {.command = {"/no/such/command"}});
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_TRUE(result.delivered);
  EXPECT_EQ(result.lines, 0u);
  EXPECT_THAT(warned_, Contains(HasSubstr("/no/such/command: command not found")));
  EXPECT_THAT(transport_.end, HasSubstr("\"exit_code\":127"));
}

TEST_F(ExecSessionTest, WhatWasWrittenBeforeTheEndIsReadHoweverLateWeAre) {
  // The time to linger is over before the first look at the pipe.
  const ExecResult result = Run("seq 300000; exit 6", {.linger_ms = 1});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_EQ(result.lines, 300'000u);
  EXPECT_THAT(transport_.body, HasSubstr("\"300000\"}\n"));
}

TEST_F(ExecSessionTest, ARefusalIsSaidAtOnceAndTheCommandGoesOn) {
  transport_.refuse_with = 403;
  const ExecResult result = Run("echo one; exit 4");
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_FALSE(result.delivered);
  EXPECT_THAT(result.problem, HasSubstr("TAILRACE_TOKEN"));
  EXPECT_EQ(spool_->Undelivered(), 1u);
}

TEST_F(ExecSessionTest, WithoutAServerItWaitsAsLongAsItIsTold) {
  transport_.away = true;
  const ExecResult result = Run("seq 100", {.wait_ms = 0});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_FALSE(result.delivered);
  EXPECT_FALSE(result.stuck);
  EXPECT_EQ(spool_->Undelivered(), 100u);
  EXPECT_TRUE(spool_->HasEnd());
}

TEST_F(ExecSessionTest, AHangingDiskDoesNotHoldTheCommand) {
  hangs_ = true;
  transport_.away = true;  // What is delivered is no longer in the spool.
  const ExecResult result =
      Run("seq 200000; exit 5",
          {.wait_ms = 0, .queue_bytes = 100'000, .disk_patience_ms = 50, .disk_leave_ms = 0});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_TRUE(result.stuck);
  EXPECT_EQ(result.lines, 200'000u);
  EXPECT_THAT(warned_, Contains(HasSubstr("the disk of the spool does not answer")));
  released_.count_down();
  session_.reset();
  // What fitted into memory is there, and how many lines did not.
  const auto batch = spool_->Read(64 << 20);
  EntryReader reader(batch->encoded);
  Entry entry;
  uint64_t lines = 0, lost = 0;
  while (reader.Next(entry)) {
    lost += entry.lost.value_or(0);
    if (entry.stream != "event") ++lines;
  }
  EXPECT_GT(lines, 0u);
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(lines + lost, 200'000u);
  EXPECT_EQ(batch->outcome->exit_code, 5);
}

}  // namespace
}  // namespace tailrace
