// Listener: accepts connections on one address and hands their descriptors out.
#pragma once

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

  /// While paused, clients wait in the kernel's listen queue.
  void Pause();
  void Resume();
  /// A full descriptor table pauses by itself and calls `hook`, who has Resume called later.
  void SetOnStarved(std::function<void()> hook) { on_starved_ = std::move(hook); }

 private:
  void OnReady(bool readable, bool writable) override;
  void OnBroken() override {}

  Poller poller_;
  OnAccept on_accept_;
  std::function<void()> on_starved_;
  bool paused_ = false;
};

}  // namespace tailrace
