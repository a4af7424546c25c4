#include "source/file_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tailrace {
namespace {

constexpr size_t kReadBytes = 64 << 10;

}  // namespace

FileFollower::FileFollower(std::string path, std::function<void(const std::string&)> say)
    : path_(std::move(path)), say_(std::move(say)) {}

FileFollower::~FileFollower() {
  if (fd_ >= 0) ::close(fd_);
}

bool FileFollower::Open() {
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  offset_ = 0;
  if (fd_ >= 0) {
    missing_said_ = false;
    return true;
  }
  if (!std::exchange(missing_said_, true)) {
    say_(path_ + ": " + std::strerror(errno) + "; waiting for it");
  }
  return false;
}

bool FileFollower::WasReplaced() const {
  struct stat named {
  }, opened{};
  if (::stat(path_.c_str(), &named) != 0 || ::fstat(fd_, &opened) != 0) return false;
  return named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
}

PushInput::Status FileFollower::Read(std::string& out) {
  if (fd_ < 0 && !Open()) return Status::kWait;
  // Looked at before the read: what is written to the old file until it was replaced is then read.
  const bool replaced = WasReplaced();
  const size_t before = out.size();
  out.resize(before + kReadBytes);
  const ssize_t got = ::pread(fd_, out.data() + before, kReadBytes, static_cast<off_t>(offset_));
  out.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got > 0) {
    offset_ += static_cast<uint64_t>(got);
    return Status::kData;
  }
  if (got < 0) return errno == EINTR ? Status::kWait : Status::kFailed;
  if (replaced) {
    ::close(std::exchange(fd_, -1));
    return Read(out);
  }
  struct stat status {};
  if (::fstat(fd_, &status) == 0 && static_cast<uint64_t>(status.st_size) < offset_) {
    say_(path_ + " was truncated; reading from its start");
    offset_ = 0;
    return Read(out);
  }
  return Status::kWait;
}

}  // namespace tailrace
