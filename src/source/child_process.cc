#include "source/child_process.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tailrace {
namespace {

// Larger than the default, so that a command that writes much is rarely stopped by a full pipe.
constexpr int kPipeBytes = 1 << 20;

class Pipe {
 public:
  ~Pipe() {
    Close(read_);
    Close(write_);
  }
  bool Open() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) return false;
    read_ = fds[0];
    write_ = fds[1];
    return true;
  }
  int Read() const { return read_; }
  int Write() const { return write_; }
  int TakeRead() { return std::exchange(read_, -1); }
  void CloseWrite() { Close(write_); }

 private:
  static void Close(int& fd) {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }
  int read_ = -1;
  int write_ = -1;
};

void SetNonBlocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

Error SystemError(const std::string& what) {
  return {ErrorCode::kUnavailable, what + ": " + std::strerror(errno)};
}

// In the child: only calls that are safe after fork.
[[noreturn]] void Execute(const ChildOptions& options, char* const* arguments, int status_fd) {
  ::sigaction(SIGPIPE, &options.sigpipe, nullptr);
  ::sigprocmask(SIG_SETMASK, &options.signal_mask, nullptr);
  ::execvp(arguments[0], arguments);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(status_fd, &error, sizeof error);
  ::_exit(127);
}

// What the child says about its exec: nothing if it worked.
Result<void> ReadExecStatus(Pipe& status, const std::string& program) {
  status.CloseWrite();
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(status.Read(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof error) return {};
  if (error == ENOENT) return Fail(ErrorCode::kNotFound, program + ": command not found");
  return Fail(ErrorCode::kInvalid, program + ": " + std::strerror(error));
}

Result<ChildProcess> StartWithPipes(const ChildOptions& options, char* const* arguments,
                                    Pipe& status) {
  Pipe out, err;
  if (!out.Open() || !err.Open()) return Fail(SystemError("pipe"));
  for (const int fd : {out.Write(), err.Write()}) ::fcntl(fd, F_SETPIPE_SZ, kPipeBytes);
  const pid_t pid = ::fork();
  if (pid < 0) return Fail(SystemError("fork"));
  if (pid == 0) {
    ::dup2(out.Write(), STDOUT_FILENO);
    ::dup2(err.Write(), STDERR_FILENO);
    Execute(options, arguments, status.Write());
  }
  return ChildProcess{pid, out.TakeRead(), err.TakeRead()};
}

Result<ChildProcess> StartWithPty(const ChildOptions& options, char* const* arguments,
                                  Pipe& status) {
  int ours = -1, theirs = -1;
  const termios* const terminal = options.terminal ? &*options.terminal : nullptr;
  if (::openpty(&ours, &theirs, nullptr, terminal, &options.size) != 0) {
    return Fail(SystemError("no terminal for --pty"));
  }
  ::fcntl(ours, F_SETFD, FD_CLOEXEC);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::login_tty(theirs) != 0) ::_exit(127);
    Execute(options, arguments, status.Write());
  }
  ::close(theirs);
  if (pid < 0) {
    ::close(ours);
    return Fail(SystemError("fork"));
  }
  return ChildProcess{pid, ours, -1};
}

}  // namespace

Result<ChildProcess> StartChild(const ChildOptions& options) {
  std::vector<std::string> command = options.command;
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  Pipe status;
  if (!status.Open()) return Fail(SystemError("pipe"));
  auto child = options.pty ? StartWithPty(options, arguments.data(), status)
                           : StartWithPipes(options, arguments.data(), status);
  if (!child) return child;
  if (auto started = ReadExecStatus(status, command.front()); !started) {
    ::waitpid(child->pid, nullptr, 0);
    ::close(child->out);
    if (child->err >= 0) ::close(child->err);
    return Fail(started.error());
  }
  SetNonBlocking(child->out);
  if (child->err >= 0) SetNonBlocking(child->err);
  return child;
}

std::string SignalName(int signal_number) {
  const char* const name = ::sigabbrev_np(signal_number);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal_number);
}

}  // namespace tailrace
