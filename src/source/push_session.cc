#include "source/push_session.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace tailrace {

PushSession::PushSession(PushOptions options, Spool& spool, LogTransport& transport, Random& random,
                         Say say)
    : options_(std::move(options)),
      spool_(spool),
      transport_(transport),
      random_(random),
      say_(std::move(say)),
      feeder_(spool, say_,
              [this] {
                TakeSignals();
                return signals_ > 0 || DeliveryEnded();
              }),
      recorder_(feeder_),
      assembler_({}, [this](const Line& line) { recorder_.Add("", line); }) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signal_fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  CHECK(signal_fd_ >= 0 && wake_fd_ >= 0);
}

PushSession::~PushSession() {
  delivery_.reset();
  ::close(signal_fd_);
  ::close(wake_fd_);
}

PushResult PushSession::Run(PushInput* input) {
  delivery_.emplace(spool_, transport_, random_, say_, [this] { ::eventfd_write(wake_fd_, 1); });
  if (input != nullptr) {
    ReadInput(*input);
    assembler_.Finish(Now());
    if (signals_ > 0 && options_.end) {
      options_.end = Outcome{OutcomeKind::kCancelled, std::nullopt, "the push was interrupted"};
    }
    recorder_.Finish(options_.end, Clock::System().Now());
  }
  const bool interrupted = signals_ > 0;
  const int64_t give_up_ms = SteadyMs() + options_.wait_ms;
  const int enough = signals_ + 1;
  while (!DeliveryEnded() && signals_ < enough && SteadyMs() < give_up_ms) {
    Wait(-1, give_up_ms - SteadyMs());
  }
  PushResult result{delivery_->GetState() == DeliveryThread::State::kDone && problem_.empty(),
                    interrupted, problem_.empty() ? delivery_->Problem() : problem_};
  delivery_->Stop();
  return result;
}

void PushSession::ReadInput(PushInput& input) {
  while (signals_ == 0 && !DeliveryEnded()) {
    const auto deadline_ms = assembler_.DeadlineMs();
    int64_t timeout_ms = input.Descriptor() >= 0 ? 60'000 : more_ ? 0 : PushInput::kAskAgainMs;
    if (deadline_ms) timeout_ms = std::clamp<int64_t>(*deadline_ms - SteadyMs(), 0, timeout_ms);
    Wait(input.Descriptor(), timeout_ms);
    if (!ReadOnce(input)) return;
    // After the read, which may have brought the rest of a line that has waited for long.
    assembler_.Tick(Now());
    recorder_.Flush();
  }
}

// Reads what is there now; false at the end.
bool PushSession::ReadOnce(PushInput& input) {
  // A descriptor that is not readable would block.
  pollfd ready{input.Descriptor(), POLLIN, 0};
  if (ready.fd >= 0 && ::poll(&ready, 1, 0) <= 0) return true;
  buffer_.clear();
  more_ = false;
  switch (input.Read(buffer_)) {
    case PushInput::Status::kData:
      assembler_.Feed(buffer_, Now());
      more_ = true;
      return true;
    case PushInput::Status::kWait:
      return true;
    case PushInput::Status::kEnd:
      return false;
    case PushInput::Status::kFailed:
      problem_ = std::string("reading the input: ") + std::strerror(errno);
      return false;
  }
  return false;
}

void PushSession::Wait(int input_fd, int64_t timeout_ms) {
  std::array<pollfd, 3> fds = {
      {{signal_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}, {input_fd, POLLIN, 0}}};
  ::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<int64_t>(timeout_ms, 0, 60'000)));
  eventfd_t ignored = 0;
  ::eventfd_read(wake_fd_, &ignored);
  TakeSignals();
}

void PushSession::TakeSignals() {
  signalfd_siginfo info{};
  while (::read(signal_fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) ++signals_;
}

}  // namespace tailrace
