#include "bench/load/viewer_set.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "bench/wire.h"

namespace tailrace::bench {
namespace {

constexpr size_t kReadBytes = 64 << 10;  // a few hundred entries, so that all viewers get on evenly
constexpr size_t kEvents = 512;
constexpr size_t kConnecting = 256;
constexpr uint64_t kWatched = 1ULL << 63;
constexpr uint64_t kConnectTimeoutNs = 60'000'000'000;

}  // namespace

ViewerSet::ViewerSet(const Target& target)
    : target_(target),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      events_(kEvents),
      buffer_(std::make_unique<char[]>(kReadBytes)) {}

ViewerSet::~ViewerSet() {
  close(epoll_);
}

void ViewerSet::Connect(const ViewerPlan& plan, const std::vector<size_t>& logs) {
  const size_t streams = target_.http2 ? plan.streams : 1;
  for (size_t i = 0; i < logs.size(); i += streams) {
    const size_t end = std::min(logs.size(), i + streams);
    Start(plan, {logs.begin() + ptrdiff_t(i), logs.begin() + ptrdiff_t(end)});
    WaitUntilOpen(kConnecting);
  }
  WaitUntilOpen(0);
}

void ViewerSet::Connect(const ViewerPlan& plan, size_t count) {
  Connect(plan, std::vector<size_t>(count));
}

void ViewerSet::Start(const ViewerPlan& plan, const std::vector<size_t>& logs) {
  if (plans_.empty() || plans_.back() != plan) plans_.push_back(plan);
  std::vector<std::unique_ptr<Viewer>> viewers;
  for (const size_t log : logs) {
    viewers.push_back(std::make_unique<Viewer>(size_++, log, plans_.back(), tally_));
    if (viewers.back()->checked()) ++checked_;
  }
  const int fd = StartConnect(target_.port, links_.size(), plan.receive_bytes);
  epoll_event event{EPOLLIN | EPOLLOUT, {.u64 = links_.size()}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  links_.push_back(Link::Make(fd, target_, std::move(viewers), tally_));
  sending_.push_back(true);
}

void ViewerSet::WaitUntilOpen(size_t missing) {
  const uint64_t give_up_ns = NowNs() + kConnectTimeoutNs;
  while (size_ - tally_.opened > missing) {
    Poll(1000);
    errno = 0;
    if (NowNs() > give_up_ns) Die("viewers are not answered");
  }
}

void ViewerSet::Watch(int fd, size_t id) {
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.u64 = kWatched | id}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void ViewerSet::Poll(int timeout_ms) {
  PollFor(static_cast<uint64_t>(timeout_ms) * 1'000'000);
}

void ViewerSet::PollUntil(uint64_t time_ns) {
  const uint64_t now_ns = NowNs();
  PollFor(now_ns < time_ns ? time_ns - now_ns : 0);
}

void ViewerSet::PollFor(uint64_t timeout_ns) {
  ready_.clear();
  const timespec timeout{static_cast<time_t>(timeout_ns / 1'000'000'000),
                         static_cast<long>(timeout_ns % 1'000'000'000)};
  const int count = epoll_pwait2(epoll_, events_.data(), kEvents, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const uint64_t id = events_[static_cast<size_t>(i)].data.u64;
    if ((id & kWatched) != 0) {
      ready_.push_back(id & ~kWatched);
      continue;
    }
    Link& link = *links_[id];
    if (!link.OnReady(buffer_.get(), kReadBytes)) {
      epoll_ctl(epoll_, EPOLL_CTL_DEL, link.fd(), nullptr);
    } else if (link.WantsToSend() != sending_[id]) {
      sending_[id] = !sending_[id];
      const uint32_t wanted = sending_[id] ? EPOLLIN | EPOLLOUT : EPOLLIN;
      epoll_event event{wanted, {.u64 = id}};
      epoll_ctl(epoll_, EPOLL_CTL_MOD, link.fd(), &event);
    }
  }
}

template <typename Call>
void ViewerSet::ForChecked(Call call) const {
  for (const auto& link : links_) {
    for (const auto& viewer : link->viewers()) {
      if (viewer->checked()) call(*viewer);
    }
  }
}

std::vector<uint64_t> ViewerSet::Counts() const {
  std::vector<uint64_t> counts;
  ForChecked([&](const Viewer& viewer) { counts.push_back(viewer.checker().entries()); });
  return counts;
}

void ViewerSet::CheckExact(const std::vector<uint64_t>& sent) const {
  ForChecked([&](const Viewer& viewer) {
    for (size_t producer = 0; producer < sent.size(); ++producer) {
      const uint64_t got = viewer.checker().NextOf(producer);
      if (got == sent[producer]) continue;
      viewer.Die("got " + std::to_string(got) + " entries of " + std::to_string(sent[producer]));
    }
  });
}

void ViewerSet::CheckLogs(const std::vector<uint64_t>& sent) const {
  ForChecked([&](const Viewer& viewer) {
    const uint64_t got = viewer.checker().entries();
    if (got == sent[viewer.log()]) return;
    viewer.Die("got " + std::to_string(got) + " entries of " + std::to_string(sent[viewer.log()]));
  });
}

}  // namespace tailrace::bench
