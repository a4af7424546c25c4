// ChildProcess: a command whose output we read, by two pipes or by a terminal of its own.
#pragma once

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tailrace {

struct ChildOptions {
  std::vector<std::string> command;  ///< Program (looked up in PATH) and arguments.
  sigset_t signal_mask{};            ///< Of the child.
  struct sigaction sigpipe {};       ///< Its disposition in the child.
  bool pty = false;
  std::optional<termios> terminal;  ///< Settings of the pty; absent: the system's.
  winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
};

/// Descriptors are ours to close; non-blocking and close-on-exec.
struct ChildProcess {
  pid_t pid = -1;
  int out = -1;  ///< Its stdout, or the terminal's other side.
  int err = -1;  ///< Its stderr; -1 with a pty.
};

/// By pipes, the child stays in our process group and keeps our stdin: the terminal's signals reach
/// it as if it ran alone, job control works, and it may read from the terminal. With a pty it leads
/// a session of its own.
///
/// kNotFound: there is no such command. kInvalid: it can't be run. kUnavailable: no resources.
Result<ChildProcess> StartChild(const ChildOptions& options);

/// "SIGTERM".
std::string SignalName(int signal_number);

}  // namespace tailrace
