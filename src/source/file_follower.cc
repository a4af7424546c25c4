#include "source/file_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tailrace {
namespace {

constexpr size_t kReadBytes = 64 << 10;
// By so many bytes at its start and before the point of reading a file is known again.
constexpr size_t kMarkBytes = 256;

}  // namespace

FileFollower::FileFollower(std::string path, Say say)
    : path_(std::move(path)), say_(std::move(say)) {}

FileFollower::~FileFollower() {
  if (fd_ >= 0) ::close(fd_);
}

bool FileFollower::Open() {
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  StartOver();
  if (fd_ >= 0) {
    missing_said_ = false;
    return true;
  }
  if (!std::exchange(missing_said_, true)) {
    say_.note(path_ + ": " + std::strerror(errno) + "; waiting for it");
  }
  return false;
}

bool FileFollower::WasReplaced() const {
  struct stat named {
  }, opened{};
  if (::stat(path_.c_str(), &named) != 0 || ::fstat(fd_, &opened) != 0) return false;
  return named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
}

bool FileFollower::Holds(const std::string& bytes, uint64_t offset) const {
  std::string now(bytes.size(), '\0');
  const ssize_t got = ::pread(fd_, now.data(), now.size(), static_cast<off_t>(offset));
  return got == static_cast<ssize_t>(bytes.size()) && now == bytes;
}

// Whether what was read is no longer what stands there.
bool FileFollower::WasRewritten() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return false;
  if (static_cast<uint64_t>(status.st_size) < offset_) return true;
  // Not asked of the time of modification: a coarse clock gives two writes the same one.
  return !Holds(head_, 0) || !Holds(tail_, offset_ - tail_.size());
}

void FileFollower::Remember(std::string_view bytes) {
  if (head_.size() < kMarkBytes) head_.append(bytes.substr(0, kMarkBytes - head_.size()));
  tail_.append(bytes.substr(bytes.size() - std::min(bytes.size(), kMarkBytes)));
  tail_.erase(0, tail_.size() - std::min(tail_.size(), kMarkBytes));
  offset_ += bytes.size();
}

void FileFollower::StartOver() {
  offset_ = 0;
  head_.clear();
  tail_.clear();
}

PushInput::Status FileFollower::Read(std::string& out) {
  if (fd_ < 0 && !Open()) return Status::kWait;
  // Looked at before the read: what is written to the old file until it was replaced is then read.
  const bool replaced = WasReplaced();
  const size_t before = out.size();
  out.resize(before + kReadBytes);
  const ssize_t got = ::pread(fd_, out.data() + before, kReadBytes, static_cast<off_t>(offset_));
  out.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got < 0) return errno == EINTR ? Status::kWait : Status::kFailed;
  // Looked at after the read: then what was read is of the same content as what was before it.
  if (WasRewritten()) {
    say_.note(path_ + " was truncated; reading from its start");
    out.resize(before);
    StartOver();
    return Read(out);
  }
  if (got > 0) {
    Remember(std::string_view(out).substr(before));
    return Status::kData;
  }
  if (!replaced) return Status::kWait;
  ::close(std::exchange(fd_, -1));
  return Read(out);
}

}  // namespace tailrace
