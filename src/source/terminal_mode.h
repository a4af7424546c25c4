// The user's own terminal while a command runs in a pty: raw, so that every key reaches the
// command, and put back on every way out.
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include <optional>

namespace tailrace {

/// At most one at a time.
class RawTerminal {
 public:
  /// Does nothing if `fd` is no terminal. Fatal signals of our own (SIGABRT, SIGSEGV, SIGBUS,
  /// SIGFPE, SIGILL) put it back too.
  explicit RawTerminal(int fd);
  ~RawTerminal() { Restore(); }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  void Restore();
  /// Its settings before; nothing if it is no terminal.
  const std::optional<termios>& Before() const { return before_; }

 private:
  const int fd_;
  std::optional<termios> before_;
  bool raw_ = false;
};

/// Of the first terminal among stdin, stdout and stderr.
std::optional<winsize> TerminalSize();

}  // namespace tailrace
