#include "io/poller.h"

#include <unistd.h>
#include <uv.h>

#include <utility>

#include "base/check.h"
#include "io/loop.h"

namespace tailrace {

struct Poller::Handle {
  uv_poll_t poll;
  PollHandler* handler;

  static void OnPoll(uv_poll_t* poll, int status, int events) {
    PollHandler* handler = reinterpret_cast<Handle*>(poll)->handler;
    // UV_PRIORITIZED is watched only so that libuv reports a hang-up when nothing else is wanted.
    const bool wanted = (events & (UV_READABLE | UV_WRITABLE)) != 0;
    if (status < 0 || !wanted) {
      handler->OnBroken();
    } else {
      handler->OnReady((events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0);
    }
  }
};

Poller::Poller(Loop& loop, int fd, PollHandler& handler)
    : handle_(new Handle{{}, &handler}), fd_(fd) {
  CHECK(uv_poll_init(loop.Raw(), &handle_->poll, fd) == 0);
}

Poller::Poller(Poller&& from, PollHandler& handler)
    : handle_(std::exchange(from.handle_, nullptr)), fd_(from.fd_), events_(from.events_) {
  handle_->handler = &handler;
}

Poller::~Poller() {
  if (handle_ != nullptr) close(Release());
}

int Poller::Release() {
  Handle* const handle = std::exchange(handle_, nullptr);
  uv_poll_stop(&handle->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->poll),
           [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  return fd_;
}

void Poller::Watch(bool readable, bool writable) {
  int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
  if (events == 0) events = UV_PRIORITIZED;
  if (events == events_) return;
  events_ = events;
  CHECK(uv_poll_start(&handle_->poll, events, &Handle::OnPoll) == 0);
}

}  // namespace tailrace
