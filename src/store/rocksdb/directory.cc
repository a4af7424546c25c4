#include "store/rocksdb/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "store/rocksdb/format.h"

namespace tailrace::rocks {
namespace {

constexpr std::string_view kFormatPrefix = "tailrace store format ";

std::unexpected<Error> SystemError(const std::string& what, const std::string& path) {
  return Fail(ErrorCode::kUnavailable, "cannot " + what + " " + path + ": " + std::strerror(errno));
}

Result<void> SyncPath(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path);
  const bool synced = fsync(fd) == 0;
  close(fd);
  if (!synced) return SystemError("sync", path);
  return {};
}

/// Whole and durable, or not there.
Result<void> WriteFormat(const std::string& directory) {
  const std::string path = directory + "/FORMAT";
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << kFormatPrefix << kFormatVersion << '\n';
    if (!file.flush()) return SystemError("write", fresh);
  }
  if (auto synced = SyncPath(fresh, O_RDONLY); !synced) return synced;
  if (rename(fresh.c_str(), path.c_str()) != 0) return SystemError("rename", fresh);
  return SyncPath(directory, O_RDONLY | O_DIRECTORY);
}

Result<void> CheckFormat(const std::string& directory) {
  const std::string path = directory + "/FORMAT";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    if (std::filesystem::exists(directory + "/db", ignored)) {
      return Fail(ErrorCode::kCorrupt, "the store in " + directory +
                                           " has no file FORMAT, so its format is not known; "
                                           "restore the directory from a whole copy");
    }
    return WriteFormat(directory);
  }
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const auto found = line.starts_with(kFormatPrefix)
                         ? ParseDecimal(std::string_view(line).substr(kFormatPrefix.size()))
                         : std::nullopt;
  if (!found) {
    return Fail(ErrorCode::kCorrupt, path + " is not a format of ours: \"" + line + "\"");
  }
  if (*found == kFormatWithoutRows) return WriteFormat(directory);
  if (*found != kFormatVersion) {
    return Fail(ErrorCode::kCorrupt,
                "the store in " + directory + " has format " + std::to_string(*found) +
                    ", and this program knows format " + std::to_string(kFormatVersion) +
                    "; use the program that wrote it, or another directory");
  }
  return {};
}

/// A synced file in a directory that a power cut takes away would be no help.
Result<void> MakeDurable(const StoreDirectory& directory) {
  std::error_code error;
  const bool fresh = std::filesystem::create_directory(directory.DatabasePath(), error);
  if (error) {
    return Fail(ErrorCode::kUnavailable,
                "cannot make the directory " + directory.DatabasePath() + ": " + error.message());
  }
  if (!fresh) return {};
  for (auto path = std::filesystem::absolute(directory.path());; path = path.parent_path()) {
    if (auto synced = SyncPath(path, O_RDONLY | O_DIRECTORY); !synced) return synced;
    if (path == path.root_path()) return {};
  }
}

}  // namespace

Result<StoreDirectory> StoreDirectory::Open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return Fail(ErrorCode::kUnavailable,
                "cannot make the directory " + path + ": " + error.message());
  }
  const std::string lock_path = path + "/LOCK";
  const int fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return SystemError("open", lock_path);
  StoreDirectory directory(path, fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError("lock", lock_path);
    return Fail(ErrorCode::kUnavailable, "another process uses the store in " + path +
                                             "; stop that one, or give this one another directory");
  }
  if (auto format = CheckFormat(path); !format) return Fail(std::move(format.error()));
  if (auto made = MakeDurable(directory); !made) return Fail(std::move(made.error()));
  return directory;
}

StoreDirectory::StoreDirectory(StoreDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

StoreDirectory::~StoreDirectory() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

}  // namespace tailrace::rocks
