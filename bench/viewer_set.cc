#include "bench/viewer_set.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "bench/wire.h"

namespace tailrace::bench {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kEvents = 512;
constexpr size_t kConnecting = 256;  // at a time, so that the listen queue does not overflow
constexpr uint64_t kWatched = 1ULL << 63;
constexpr uint64_t kConnectTimeoutNs = 60'000'000'000;

}  // namespace

ViewerSet::ViewerSet(uint16_t port)
    : port_(port),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      events_(kEvents),
      buffer_(std::make_unique<char[]>(kReadBytes)) {}

ViewerSet::~ViewerSet() {
  for (const auto& viewer : viewers_) {
    if (viewer->fd >= 0) close(viewer->fd);
  }
  close(epoll_);
}

void ViewerSet::Connect(const std::string& path, size_t count, const std::string& headers) {
  const std::string request = "GET " + path +
                              " HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n" +
                              headers + "\r\n";
  const uint64_t give_up_ns = NowNs() + kConnectTimeoutNs;
  for (size_t i = 0; i < count; ++i) {
    auto viewer = std::make_unique<Viewer>();
    viewer->fd = ConnectLoopback(port_, viewers_.size());
    if (send(viewer->fd, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      Die("a viewer's request could not be sent");
    }
    epoll_event event{EPOLLIN, {.u64 = viewers_.size()}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, viewer->fd, &event);
    viewers_.push_back(std::move(viewer));
    const size_t allowed = i + 1 == count ? 0 : kConnecting;
    while (viewers_.size() - opened_ > allowed) {
      Poll(1000);
      errno = 0;
      if (NowNs() > give_up_ns) Die("viewers are not answered");
    }
  }
}

void ViewerSet::Watch(int fd, size_t id) {
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.u64 = kWatched | id}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void ViewerSet::Poll(int timeout_ms) {
  ready_.clear();
  const int count = epoll_wait(epoll_, events_.data(), kEvents, timeout_ms);
  for (int i = 0; i < count; ++i) {
    const uint64_t id = events_[static_cast<size_t>(i)].data.u64;
    if ((id & kWatched) != 0) {
      ready_.push_back(id & ~kWatched);
    } else {
      Read(*viewers_[id]);
    }
  }
}

void ViewerSet::Read(Viewer& viewer) {
  const ssize_t got = recv(viewer.fd, buffer_.get(), kReadBytes, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    close(viewer.fd);  // also leaves the epoll set
    viewer.fd = -1;
    ++ended_;
    return;
  }
  std::string_view bytes(buffer_.get(), static_cast<size_t>(got));
  bytes_ += bytes.size();
  if (!viewer.opened) {
    errno = 0;
    if (!bytes.starts_with("HTTP/1.1 200")) Die("refused: " + std::string(bytes));
    viewer.opened = true;
    ++opened_;
    bytes.remove_prefix(std::min(bytes.size(), bytes.find("\r\n\r\n") + 4));
  }
  if (save_ != nullptr) std::fwrite(bytes.data(), 1, bytes.size(), save_);
  const uint64_t before = viewer.scanner.entries();
  viewer.scanner.Scan(bytes);
  entries_ += viewer.scanner.entries() - before;
  if (due_ns_ == nullptr) return;
  const uint64_t now_ns = NowNs();
  for (uint64_t n = before; n < viewer.scanner.entries(); ++n) {
    latencies_ns_.push_back(now_ns - (*due_ns_)[n]);
  }
}

void ViewerSet::CheckExact(const std::vector<uint64_t>& sent) const {
  errno = 0;
  for (const auto& viewer : viewers_) {
    if (viewer->scanner.Broken()) Die("a viewer met a missing or doubled entry");
    for (size_t producer = 0; producer < sent.size(); ++producer) {
      const uint64_t got = viewer->scanner.NextOf(producer);
      if (got != sent[producer]) {
        Die("a viewer got " + std::to_string(got) + " entries of " +
            std::to_string(sent[producer]));
      }
    }
  }
}

}  // namespace tailrace::bench
