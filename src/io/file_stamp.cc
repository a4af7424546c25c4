#include "io/file_stamp.h"

#include <sys/stat.h>

namespace tailrace {

FileStamps StampsOf(const std::vector<std::string>& paths) {
  FileStamps stamps;
  for (const std::string& path : paths) {
    struct stat status {};
    FileStamp stamp;
    if (stat(path.c_str(), &status) == 0) {
      constexpr int64_t kNsPerSecond = 1'000'000'000;
      stamp = {status.st_dev, status.st_ino, status.st_size,
               status.st_mtim.tv_sec * kNsPerSecond + status.st_mtim.tv_nsec};
    }
    stamps.push_back(stamp);
  }
  return stamps;
}

}  // namespace tailrace
