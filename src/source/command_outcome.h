// What a command's end means for its log and for our own exit code.
#pragma once

#include <set>

#include "base/result.h"
#include "log/log_info.h"

namespace tailrace {

struct CommandEnd {
  int exit_code =
      0;  ///< As a shell says it: 128 + n for a signal, 127 not found, 126 not runnable.
  Outcome outcome;
};

/// `wait_status`: of waitpid. `signals_seen`: those that we or the terminal sent it; ended by one
/// of them it was cancelled, by any other it failed.
CommandEnd EndOfCommand(int wait_status, const std::set<int>& signals_seen);

/// Of a command that did not start.
CommandEnd EndOfFailedStart(const Error& error);

}  // namespace tailrace
