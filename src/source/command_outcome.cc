#include "source/command_outcome.h"

#include <sys/wait.h>

#include "source/child_process.h"

namespace tailrace {
namespace {

constexpr int kSignalBase = 128;
constexpr int kNotFound = 127;
constexpr int kNotRunnable = 126;

}  // namespace

CommandEnd EndOfCommand(int wait_status, const std::set<int>& signals_seen) {
  if (WIFSIGNALED(wait_status)) {
    const int number = WTERMSIG(wait_status);
    const bool seen = signals_seen.contains(number);
    const int code = kSignalBase + number;
    return {code,
            {seen ? OutcomeKind::kCancelled : OutcomeKind::kFailed, code,
             (seen ? "cancelled by " : "killed by ") + SignalName(number)}};
  }
  const int code = WEXITSTATUS(wait_status);
  if (code == 0) return {0, {OutcomeKind::kSucceeded, 0, ""}};
  // A shell, and many a program that handles the signal, says so by its exit code.
  if (signals_seen.contains(code - kSignalBase)) {
    return {code,
            {OutcomeKind::kCancelled, code, "cancelled by " + SignalName(code - kSignalBase)}};
  }
  return {code, {OutcomeKind::kFailed, code, "exit code " + std::to_string(code)}};
}

CommandEnd EndOfFailedStart(const Error& error) {
  const int code = error.code == ErrorCode::kNotFound ? kNotFound : kNotRunnable;
  return {code, {OutcomeKind::kFailed, code, error.message}};
}

}  // namespace tailrace
