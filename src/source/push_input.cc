#include "source/push_input.h"

#include <unistd.h>

#include <cerrno>

namespace tailrace {
namespace {

constexpr size_t kReadBytes = 64 << 10;

}  // namespace

PushInput::Status DescriptorInput::Read(std::string& out) {
  const size_t before = out.size();
  out.resize(before + kReadBytes);
  const ssize_t got = ::read(fd_, out.data() + before, kReadBytes);
  out.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got > 0) return Status::kData;
  if (got == 0) return Status::kEnd;
  return errno == EAGAIN || errno == EINTR ? Status::kWait : Status::kFailed;
}

}  // namespace tailrace
