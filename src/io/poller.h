// Poller: readiness of one descriptor on a Loop.
#pragma once

#include <cstdint>

namespace tailrace {

class Loop;

/// What a Poller tells. Called on the loop; it may destroy the Poller.
class PollHandler {
 public:
  virtual void OnReady(bool readable, bool writable) = 0;
  /// The descriptor is broken (reset by the peer, or closed both ways).
  virtual void OnBroken() = 0;

 protected:
  ~PollHandler() = default;
};

/// Level-triggered. Owns the descriptor: closes it when destroyed. libuv frees its handle at the
/// end of the turn, so a Poller may go away inside its own callback.
///
/// uv_poll_t and not uv_tcp_t: we send from shared bytes with one system call and need to know
/// exactly how much the kernel took; nothing may be queued for a viewer (docs/adr/0006).
class Poller {
 public:
  Poller(Loop& loop, int fd, PollHandler& handler);
  /// Goes on with the descriptor of `from`, which is left empty. Not inside of a callback of it.
  Poller(Poller&& from, PollHandler& handler);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  int fd() const { return fd_; }
  /// Gives the descriptor away; nothing but the destructor may follow. May be called in a callback.
  int Release();
  /// With neither, only OnBroken is told.
  void Watch(bool readable, bool writable);

 private:
  struct Handle;
  Handle* handle_;
  int fd_;
  int events_ = -1;
};

}  // namespace tailrace
