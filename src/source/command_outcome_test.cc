#include "source/command_outcome.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace tailrace {
namespace {

constexpr int Exited(int code) {
  return code << 8;
}

TEST(CommandOutcome, ExitCodes) {
  EXPECT_EQ(EndOfCommand(Exited(0), {}).outcome, (Outcome{OutcomeKind::kSucceeded, 0, ""}));
  const CommandEnd failed = EndOfCommand(Exited(3), {SIGTERM});
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.outcome, (Outcome{OutcomeKind::kFailed, 3, "exit code 3"}));
}

TEST(CommandOutcome, SignalsThatWeSentCancelAndOthersFail) {
  const CommandEnd cancelled = EndOfCommand(SIGTERM, {SIGTERM});
  EXPECT_EQ(cancelled.exit_code, 143);
  EXPECT_EQ(cancelled.outcome, (Outcome{OutcomeKind::kCancelled, 143, "cancelled by SIGTERM"}));
  const CommandEnd crashed = EndOfCommand(SIGSEGV, {SIGTERM});
  EXPECT_EQ(crashed.exit_code, 139);
  EXPECT_EQ(crashed.outcome, (Outcome{OutcomeKind::kFailed, 139, "killed by SIGSEGV"}));
}

TEST(CommandOutcome, AShellsExitCodeForASignalCountsAsTheSignal) {
  EXPECT_EQ(EndOfCommand(Exited(130), {SIGINT}).outcome.kind, OutcomeKind::kCancelled);
  EXPECT_EQ(EndOfCommand(Exited(130), {}).outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(EndOfCommand(Exited(0), {SIGINT}).outcome.kind, OutcomeKind::kSucceeded);
}

TEST(CommandOutcome, ACommandThatDidNotStartFailed) {
  EXPECT_EQ(EndOfFailedStart({ErrorCode::kNotFound, "x: command not found"}).exit_code, 127);
  const CommandEnd refused = EndOfFailedStart({ErrorCode::kInvalid, "x: Permission denied"});
  EXPECT_EQ(refused.exit_code, 126);
  EXPECT_EQ(refused.outcome, (Outcome{OutcomeKind::kFailed, 126, "x: Permission denied"}));
}

}  // namespace
}  // namespace tailrace
