#include "kubernetes/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tailrace::kube {

Result<std::string> ReadSmallFile(const std::string& path) {
  const auto failed = [&] {
    return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
  };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failed();
  std::string content;
  char buffer[16 << 10];
  ssize_t count = 0;
  while ((count = read(fd, buffer, sizeof buffer)) > 0 && content.size() <= kSmallFileBytes) {
    content.append(buffer, static_cast<size_t>(count));
  }
  const int error = errno;
  close(fd);
  errno = error;
  if (count < 0) return failed();
  if (content.size() > kSmallFileBytes) {
    return Fail(ErrorCode::kTooLarge,
                path + ": has more than " + std::to_string(kSmallFileBytes) + " bytes");
  }
  return content;
}

}  // namespace tailrace::kube
