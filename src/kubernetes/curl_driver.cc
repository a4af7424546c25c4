#include "kubernetes/curl_driver.h"

#include <curl/curl.h>
#include <uv.h>

#include "base/check.h"

namespace tailrace::kube {

struct CurlDriver::Socket {
  uv_poll_t poll;
  CurlDriver* driver;
  int fd;
};

CurlDriver::CurlDriver(Loop& loop, size_t streams_per_connection, OnDone on_done)
    : loop_(loop), on_done_(std::move(on_done)), multi_(curl_multi_init()), timer_(loop) {
  CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlDriver::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlDriver::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS,
                    static_cast<long>(streams_per_connection));
}

CurlDriver::~CurlDriver() {
  curl_multi_cleanup(multi_);  // closes the connections, and tells OnSocket of it
  while (!sockets_.empty()) Watch(sockets_.begin()->first, CURL_POLL_REMOVE);
}

void CurlDriver::Add(CURL* easy) {
  CHECK(curl_multi_add_handle(multi_, easy) == CURLM_OK);
}

void CurlDriver::Remove(CURL* easy) {
  CHECK(curl_multi_remove_handle(multi_, easy) == CURLM_OK);
}

int CurlDriver::OnSocket(CURL*, curl_socket_t fd, int what, void* user, void*) {
  static_cast<CurlDriver*>(user)->Watch(fd, what);
  return 0;
}

void CurlDriver::Watch(int fd, int what) {
  const auto found = sockets_.find(fd);
  if (what == CURL_POLL_REMOVE) {
    if (found == sockets_.end()) return;
    // libcurl closes the descriptor next; libuv has let go of it when this returns.
    Socket* const socket = found->second;
    sockets_.erase(found);
    socket->driver = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll),
             [](uv_handle_t* closed) { delete static_cast<Socket*>(closed->data); });
    return;
  }
  Socket* socket = found == sockets_.end() ? nullptr : found->second;
  if (socket == nullptr) {
    socket = new Socket{{}, this, fd};
    CHECK(uv_poll_init_socket(loop_.Raw(), &socket->poll, fd) == 0);
    socket->poll.data = socket;
    sockets_.emplace(fd, socket);
  }
  const int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                     ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
  const auto ready = [](uv_poll_t* poll, int status, int seen) {
    auto* self = static_cast<Socket*>(poll->data);
    if (self->driver == nullptr) return;
    const int flags = status < 0 ? CURL_CSELECT_ERR
                                 : ((seen & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                                       ((seen & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    self->driver->Act(self->fd, flags);
  };
  CHECK(uv_poll_start(&socket->poll, events, ready) == 0);
}

int CurlDriver::OnTimer(CURLM*, long timeout_ms, void* user) {
  auto* self = static_cast<CurlDriver*>(user);
  if (timeout_ms < 0) {
    self->timer_.Stop();
  } else {
    self->timer_.Start(static_cast<uint64_t>(timeout_ms),
                       [self] { self->Act(CURL_SOCKET_TIMEOUT, 0); });
  }
  return 0;
}

void CurlDriver::Act(int fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  CollectDone();
}

void CurlDriver::CollectDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    curl_multi_remove_handle(multi_, easy);
    on_done_(easy, code);
  }
}

}  // namespace tailrace::kube
