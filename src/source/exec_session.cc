#include "source/exec_session.h"

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace tailrace {
namespace {

constexpr std::array kSignals = {SIGINT,  SIGTERM, SIGHUP,   SIGQUIT,
                                 SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD};
constexpr size_t kBufferBytes = 256 << 10;
// A delivery that takes longer after the command's end is worth a word.
constexpr int64_t kQuietWaitMs = 2'000;

bool StopsWaiting(int signal_number) {
  return signal_number == SIGINT || signal_number == SIGTERM || signal_number == SIGHUP ||
         signal_number == SIGQUIT;
}

}  // namespace

ExecSession::Output::Output(ExecSession& owner, std::string_view name, int from_fd, int to_fd,
                            PassOn& writer)
    : session(owner),
      stream(name),
      fd(from_fd),
      target(to_fd),
      pass_on(writer),
      assembler({}, [this](const Line& line) { session.recorder_->Add(stream, line); }) {}

ExecSession::ExecSession(ExecOptions options, Spool& spool, LogTransport& transport, Random& random,
                         Say say)
    : options_(std::move(options)),
      spool_(spool),
      transport_(transport),
      random_(random),
      say_(std::move(say)),
      feeder_(spool, say_),
      stall_watch_(options_.disk_patience_ms),
      buffer_(kBufferBytes, '\0') {}

ExecSession::~ExecSession() {
  delivery_.reset();
  queue_.reset();  // Its thread, like the delivery's, uses the loop to wake it.
  if (recorder_) CloseHandles();
  for (const auto& output : outputs_) ::close(output->fd);
  if (signal_fd_ >= 0) ::close(signal_fd_);
}

ExecResult ExecSession::Run() {
  CHECK(uv_loop_init(&loop_) == 0);
  loop_.data = this;
  uv_timer_init(&loop_, &line_timer_);
  uv_timer_init(&loop_, &patience_);
  uv_async_init(&loop_, &wake_, [](uv_async_t* handle) {
    static_cast<ExecSession*>(handle->loop->data)->OnTurn();
  });
  TakeSignals();
  StartCommand();
  // After the fork: the child must not be a copy of a process with threads.
  StartThreads();
  if (end_) EndCommand();
  while (phase_ != Phase::kOver) uv_run(&loop_, UV_RUN_ONCE);
  ExecResult result{end_->exit_code, delivery_->GetState() == DeliveryThread::State::kDone,
                    delivery_->Problem(), recorder_->Lines(), end_->outcome};
  result.stuck = !queue_->WaitUntilEmpty(options_.disk_leave_ms);
  if (result.stuck) return result;
  delivery_->Stop();
  return result;
}

// As descriptors and not as handlers: signalfd says who sent a signal. Threads inherit the mask.
void ExecSession::TakeSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kSignals) sigaddset(&set, number);
  CHECK(pthread_sigmask(SIG_BLOCK, &set, &mask_before_) == 0);
  signal_fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(signal_fd_ >= 0);
  uv_poll_init(&loop_, &signal_poll_, signal_fd_);
  uv_poll_start(&signal_poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<ExecSession*>(handle->loop->data)->OnSignals();
  });
}

void ExecSession::StartCommand() {
  ChildOptions child_options{.command = options_.command, .signal_mask = mask_before_};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &child_options.sigpipe);
  child_options.pty = options_.pty;
  if (options_.pty) {
    raw_terminal_.emplace(STDIN_FILENO);
    child_options.terminal = raw_terminal_->Before();
    if (const auto size = TerminalSize()) child_options.size = *size;
  }
  const auto child = StartChild(child_options);
  if (!child) {
    end_ = EndOfFailedStart(child.error());
    raw_terminal_.reset();
    say_.warn(child.error().message);
    return;
  }
  pid_ = child->pid;
  StartReading(*child);
}

void ExecSession::StartThreads() {
  const auto wake = [this] { uv_async_send(&wake_); };
  queue_.emplace(
      feeder_,
      SpoolQueue::Options{.limit_bytes = options_.queue_bytes, .on_room = wake, .on_loss = [this] {
                            say_.warn(
                                "lines are being lost: the disk of the spool does not "
                                "answer; the log will say how many");
                          }});
  recorder_.emplace(*queue_);
  delivery_.emplace(spool_, transport_, random_, say_, wake);
}

void ExecSession::StartReading(const ChildProcess& child) {
  const auto on_room = [this] { uv_async_send(&wake_); };
  pass_ons_.push_back(std::make_unique<PassOn>(on_room));
  AddOutput("stdout", child.out, STDOUT_FILENO, *pass_ons_.front());
  if (child.err >= 0) {
    if (!SameTarget(STDOUT_FILENO, STDERR_FILENO)) {
      pass_ons_.push_back(std::make_unique<PassOn>(on_room));
    }
    AddOutput("stderr", child.err, STDERR_FILENO, *pass_ons_.back());
    return;
  }
  pty_fd_ = child.out;
  // Keys make these in the command's own terminal, where we don't see them.
  signals_seen_.insert({SIGINT, SIGQUIT});
  pty_input_.emplace(STDIN_FILENO, pty_fd_);
}

void ExecSession::AddOutput(std::string_view stream, int from, int to, PassOn& pass_on) {
  outputs_.push_back(std::make_unique<Output>(*this, stream, from, to, pass_on));
  Output& output = *outputs_.back();
  uv_poll_init(&loop_, &output.poll, from);
  output.poll.data = &output;
  SetReading(output, true);
}

void ExecSession::SetReading(Output& output, bool reading) {
  if (output.reading == reading || output.at_end) return;
  output.reading = reading;
  if (!reading) {
    uv_poll_stop(&output.poll);
    return;
  }
  uv_poll_start(&output.poll, UV_READABLE | UV_DISCONNECT, [](uv_poll_t* handle, int, int) {
    auto* const ready = static_cast<Output*>(handle->data);
    ready->session.ReadOutput(*ready);
    ready->session.OnTurn();
  });
}

size_t ExecSession::ReadOutput(Output& output) {
  const ssize_t got = ::read(output.fd, buffer_.data(), buffer_.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (got <= 0) {  // A terminal whose other side is closed says EIO.
    SetReading(output, false);
    output.at_end = true;
    output.assembler.Finish(Now());
    return 0;
  }
  const auto size = static_cast<size_t>(got);
  output.assembler.Feed(std::string_view(buffer_).substr(0, size), Now());
  output.pass_on.Take(output.target, buffer_, size);
  return size;
}

// What the command wrote before it ended may still be in the pipe, when we were not given the
// processor. Who goes on writing behind it, a process that the command left, gets no more than
// that.
void ExecSession::ReadWhatIsThere(Output& output) {
  int there = 0;
  if (::ioctl(output.fd, FIONREAD, &there) != 0) return;
  for (auto left = static_cast<int64_t>(there); left > 0 && !output.at_end;) {
    const size_t got = ReadOutput(output);
    if (got == 0) return;
    left -= static_cast<int64_t>(got);
  }
}

// After whatever happened: hand on the lines, take or leave more output, and see how far we are.
void ExecSession::OnTurn() {
  recorder_->Flush();
  const int64_t now_ms = SteadyMs();
  const auto hold_until_ms = stall_watch_.HoldUntilMs(queue_->Full(), queue_->Done(), now_ms);
  std::optional<int64_t> deadline_ms = hold_until_ms;
  bool all_at_end = true;
  for (const auto& output : outputs_) {
    if (phase_ < Phase::kDelivering) {
      SetReading(*output, !hold_until_ms && !output->pass_on.Full());
    }
    all_at_end = all_at_end && output->at_end;
    const auto own = output->assembler.DeadlineMs();
    if (own) deadline_ms = std::min(deadline_ms.value_or(*own), *own);
  }
  if (deadline_ms) {
    uv_timer_start(
        &line_timer_,
        [](uv_timer_t* timer) { static_cast<ExecSession*>(timer->loop->data)->OnLineTimer(); },
        static_cast<uint64_t>(std::max<int64_t>(0, *deadline_ms - now_ms)), 0);
  }
  if (phase_ == Phase::kLingering && all_at_end) EndCommand();
  CheckDelivery();
}

void ExecSession::OnLineTimer() {
  // The rest of a line may have come while we were not looking.
  for (const auto& output : outputs_) {
    if (output->reading) ReadOutput(*output);
  }
  for (const auto& output : outputs_) output->assembler.Tick(Now());
  OnTurn();
}

void ExecSession::OnSignals() {
  signalfd_siginfo info{};
  while (::read(signal_fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    OnSignal(info);
  }
  OnTurn();
}

void ExecSession::OnSignal(const signalfd_siginfo& info) {
  const int number = static_cast<int>(info.ssi_signo);
  if (number == SIGCHLD) return Reap();
  if (phase_ != Phase::kRunning) {
    if (!StopsWaiting(number)) return;
    if (phase_ == Phase::kLingering) EndCommand();
    phase_ = Phase::kOver;
    return;
  }
  if (number == SIGWINCH && options_.pty) {
    const auto size = TerminalSize();
    if (size) ::ioctl(pty_fd_, TIOCSWINSZ, &*size);  // The kernel tells the command.
    return;
  }
  SendOn(number, info.ssi_code == SI_KERNEL);
}

void ExecSession::SendOn(int signal_number, bool from_terminal) {
  signals_seen_.insert(signal_number);
  if (options_.pty) {
    ::kill(-pid_, signal_number);
  } else if (!from_terminal) {
    ::kill(pid_, signal_number);
  }
}

void ExecSession::Reap() {
  int status = 0;
  if (phase_ != Phase::kRunning || ::waitpid(pid_, &status, WNOHANG) != pid_) return;
  end_ = EndOfCommand(status, signals_seen_);
  phase_ = Phase::kLingering;
  uv_timer_start(
      &patience_,
      [](uv_timer_t* timer) { static_cast<ExecSession*>(timer->loop->data)->OnPatienceOver(); },
      static_cast<uint64_t>(options_.linger_ms), 0);
}

void ExecSession::OnPatienceOver() {
  if (phase_ == Phase::kDelivering) return OnWaitOver();
  // What waits only for a slow terminal was written by the command: it belongs to the log.
  const bool held_back = std::ranges::any_of(
      outputs_, [](const auto& output) { return !output->at_end && !output->reading; });
  if (held_back) {
    uv_timer_start(&patience_, patience_.timer_cb, static_cast<uint64_t>(options_.linger_ms), 0);
    return;
  }
  EndCommand();
}

void ExecSession::OnWaitOver() {
  const int64_t left_ms = options_.wait_ms - kQuietWaitMs;
  if (left_ms <= 0 || std::exchange(wait_said_, true)) {
    phase_ = Phase::kOver;
    return;
  }
  say_.note("the command has ended; waiting up to " + std::to_string(left_ms / 1000) +
            " s more until the server has everything (Ctrl-C: do not wait, send it later)");
  uv_timer_start(&patience_, patience_.timer_cb, static_cast<uint64_t>(left_ms), 0);
}

void ExecSession::EndCommand() {
  phase_ = Phase::kDelivering;
  for (const auto& output : outputs_) {
    if (!output->at_end) {
      SetReading(*output, false);
      ReadWhatIsThere(*output);
      output->assembler.Finish(Now());
    }
    output->at_end = true;
  }
  recorder_->Finish(end_->outcome, Clock::System().Now());
  pty_input_.reset();
  pass_ons_.clear();  // Writes what is left.
  raw_terminal_.reset();
  uv_timer_start(
      &patience_,
      [](uv_timer_t* timer) { static_cast<ExecSession*>(timer->loop->data)->OnPatienceOver(); },
      static_cast<uint64_t>(std::min(options_.wait_ms, kQuietWaitMs)), 0);
}

void ExecSession::CheckDelivery() {
  if (!delivery_ || delivery_->GetState() == DeliveryThread::State::kRunning) return;
  if (phase_ == Phase::kDelivering) {
    phase_ = Phase::kOver;
  } else if (!std::exchange(failure_said_, true)) {
    say_.warn(delivery_->Problem() + "; the command goes on");
  }
}

void ExecSession::CloseHandles() {
  for (const auto& output : outputs_) uv_close(AsHandle(output->poll), nullptr);
  uv_close(AsHandle(signal_poll_), nullptr);
  uv_close(AsHandle(line_timer_), nullptr);
  uv_close(AsHandle(patience_), nullptr);
  uv_close(AsHandle(wake_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop_) == 0);
}

}  // namespace tailrace
