#include "source/terminal_mode.h"

#include <signal.h>
#include <unistd.h>

#include "base/check.h"

namespace tailrace {
namespace {

// For the handler of fatal signals, which has no other way to them.
struct {
  int fd = -1;
  termios before{};
} restore_on_crash;

void RestoreAndDie(int signal_number) {
  if (restore_on_crash.fd >= 0) ::tcsetattr(restore_on_crash.fd, TCSANOW, &restore_on_crash.before);
  ::raise(signal_number);  // SA_RESETHAND: now with its default action.
}

}  // namespace

RawTerminal::RawTerminal(int fd) : fd_(fd) {
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) return;
  CHECK(restore_on_crash.fd < 0);
  before_ = settings;
  restore_on_crash = {fd, settings};
  struct sigaction action {};
  action.sa_handler = RestoreAndDie;
  action.sa_flags = SA_RESETHAND | SA_NODEFER;
  for (const int fatal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    ::sigaction(fatal, &action, nullptr);
  }
  ::cfmakeraw(&settings);
  raw_ = ::tcsetattr(fd, TCSADRAIN, &settings) == 0;
}

void RawTerminal::Restore() {
  if (raw_) ::tcsetattr(fd_, TCSADRAIN, &*before_);
  raw_ = false;
  restore_on_crash.fd = -1;
}

std::optional<winsize> TerminalSize() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) return size;
  }
  return std::nullopt;
}

}  // namespace tailrace
