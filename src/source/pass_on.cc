#include "source/pass_on.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tailrace {
namespace {

// So many taken strings are kept to be given back.
constexpr size_t kSpares = 4;

}  // namespace

PassOn::PassOn(std::function<void()> on_room)
    : on_room_(std::move(on_room)), thread_([this] { Run(); }) {}

PassOn::~PassOn() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void PassOn::Write(int fd, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  waiting_bytes_ += bytes.size();
  was_full_ = was_full_ || waiting_bytes_ > kLimitBytes;
  if (!waiting_.empty() && waiting_.back().fd == fd && !waiting_.back().taken) {
    waiting_.back().bytes.append(bytes);
    waiting_.back().size += bytes.size();
  } else {
    waiting_.push_back({fd, std::string(bytes), bytes.size(), false});
  }
  changed_.notify_all();
}

void PassOn::Take(int fd, std::string& bytes, size_t size) {
  // What waits may hold so much more memory than bytes: few times the limit.
  if (size < bytes.size() / 4) return Write(fd, std::string_view(bytes).substr(0, size));
  const size_t whole = bytes.size();
  const std::lock_guard lock(mutex_);
  waiting_bytes_ += size;
  was_full_ = was_full_ || waiting_bytes_ > kLimitBytes;
  waiting_.push_back({fd, std::move(bytes), size, true});
  changed_.notify_all();
  bytes.clear();
  if (!spare_.empty()) {
    bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  bytes.resize(whole);
}

bool PassOn::Full() const {
  const std::lock_guard lock(mutex_);
  return was_full_;
}

void PassOn::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
    if (waiting_.empty()) return;
    std::vector<Piece> pieces = std::exchange(waiting_, {});
    lock.unlock();
    size_t written = 0;
    for (const Piece& piece : pieces) {
      WriteOut(piece);
      written += piece.size;
    }
    lock.lock();
    for (Piece& piece : pieces) {
      if (piece.taken && spare_.size() < kSpares) spare_.push_back(std::move(piece.bytes));
    }
    waiting_bytes_ -= written;
    if (!was_full_ || waiting_bytes_ > kLimitBytes / 2) continue;
    was_full_ = false;
    lock.unlock();
    on_room_();
    lock.lock();
  }
}

void PassOn::WriteOut(const Piece& piece) {
  if (std::ranges::count(broken_, piece.fd) > 0) return;
  std::string_view bytes = std::string_view(piece.bytes).substr(0, piece.size);
  while (!bytes.empty()) {
    const ssize_t written = ::write(piece.fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {  // Somebody who shares the descriptor made it non-blocking.
      pollfd ready{piece.fd, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      broken_.push_back(piece.fd);
      return;
    }
  }
}

bool SameTarget(int fd_a, int fd_b) {
  struct stat a {
  }, b{};
  return ::fstat(fd_a, &a) == 0 && ::fstat(fd_b, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

}  // namespace tailrace
