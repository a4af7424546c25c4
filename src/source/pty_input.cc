#include "source/pty_input.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tailrace {

PtyInput::PtyInput(int from, int to)
    : from_(from), to_(to), stop_fd_(::eventfd(0, EFD_CLOEXEC)), thread_([this] { Run(); }) {}

PtyInput::~PtyInput() {
  ::eventfd_write(stop_fd_, 1);
  thread_.join();
  ::close(stop_fd_);
}

void PtyInput::Run() {
  std::array<char, 4096> buffer{};
  for (;;) {
    std::array<pollfd, 2> fds = {{{from_, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    if (fds[0].revents == 0) continue;
    const ssize_t got = ::read(from_, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got > 0) {
      if (!WriteOut(buffer.data(), static_cast<size_t>(got))) return;
      continue;
    }
    termios settings{};
    if (::tcgetattr(to_, &settings) == 0) {
      const char end = static_cast<char>(settings.c_cc[VEOF]);
      WriteOut(&end, 1);
    }
    return;
  }
}

bool PtyInput::WriteOut(const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(to_, bytes, size);
    if (written > 0) {
      bytes += written;
      size -= static_cast<size_t>(written);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    std::array<pollfd, 2> fds = {{{to_, POLLOUT, 0}, {stop_fd_, POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0) return false;
  }
  return true;
}

}  // namespace tailrace
