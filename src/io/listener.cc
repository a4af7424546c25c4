#include "io/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace tailrace {
namespace {

// Then others get their turn. Most new connections bring a request at once: 32 of them take one to
// three milliseconds.
constexpr int kAcceptsPerTurn = 32;

}  // namespace

Listener::Listener(Loop& loop, int listen_fd, OnAccept on_accept)
    : poller_(loop, listen_fd, *this), on_accept_(std::move(on_accept)) {
  poller_.Watch(true, false);
}

void Listener::Pause() {
  paused_ = true;
  poller_.Watch(false, false);
}

void Listener::Resume() {
  if (!paused_) return;
  paused_ = false;
  poller_.Watch(true, false);
}

void Listener::OnReady(bool /*readable*/, bool /*writable*/) {
  for (int i = 0; i < kAcceptsPerTurn && !paused_; ++i) {
    const int fd = accept4(poller_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on unix sockets: fine
      setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);  // silent uploads of dead clients
      on_accept_(fd);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      Pause();  // level-triggered: without this the loop would spin
      if (on_starved_) on_starved_();
    }
    if (errno != ECONNABORTED && errno != EINTR) return;
  }
}

}  // namespace tailrace
