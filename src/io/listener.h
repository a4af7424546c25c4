// Listener: accepts connections on one address and hands their descriptors out.
#pragma once

#include <cstdint>
#include <functional>

#include "io/poller.h"

namespace tailrace {

class Loop;

class Listener final : private PollHandler {
 public:
  /// Takes non-blocking, close-on-exec descriptors with TCP_NODELAY set.
  using OnAccept = std::function<void(int fd)>;

  /// Owns `listen_fd` (OpenListenSocket). Accepts from now on.
  Listener(Loop& loop, int listen_fd, OnAccept on_accept);

  /// While paused, clients wait in the kernel's listen queue. A full descriptor table pauses by
  /// itself and says so with `Starved`; whoever closes descriptors calls Resume.
  void Pause();
  void Resume();
  bool Paused() const { return paused_; }
  uint64_t Starved() const { return starved_; }

 private:
  void OnReady(bool readable, bool writable) override;
  void OnBroken() override {}

  Poller poller_;
  OnAccept on_accept_;
  bool paused_ = false;
  uint64_t starved_ = 0;  // times that accept found no descriptor
};

}  // namespace tailrace
