#include "access/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr mode_t kPrivate = 0600;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int Get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> SystemError(const std::string& path) {
  return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

std::vector<std::string_view> SplitTabs(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

}  // namespace

Result<std::string> ReadPrivateFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.Get() < 0 && errno == ENOENT) return std::string();
  struct stat status {};
  if (file.Get() < 0 || fstat(file.Get(), &status) != 0) return SystemError(path);
  if ((status.st_mode & 077) != 0) {
    return Fail(ErrorCode::kInvalid, path + ": others may read it (chmod 600)");
  }
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(file.Get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(path);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  text.resize(filled);
  return text;
}

Result<void> WritePrivateFile(const std::string& path, std::string_view content) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());  // of one that was killed
  const Descriptor file(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kPrivate));
  struct stat owner {};
  if (file.Get() < 0 || stat(directory.c_str(), &owner) != 0) return SystemError(temporary);
  if (owner.st_uid != geteuid() && fchown(file.Get(), owner.st_uid, owner.st_gid) != 0) {
    return SystemError(temporary);
  }
  if (!WriteAll(file.Get(), content) || fsync(file.Get()) != 0) return SystemError(temporary);
  if (rename(temporary.c_str(), path.c_str()) != 0) return SystemError(path);
  const Descriptor folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.Get() < 0 || fsync(folder.Get()) != 0) return SystemError(directory);
  return {};
}

Result<void> EditLocked(const std::string& directory, const std::function<Result<void>()>& edit) {
  const std::string parent = std::filesystem::path(directory).parent_path().string();
  struct stat owner {};
  if (mkdir(directory.c_str(), 0700) == 0) {
    if (stat(parent.empty() ? "." : parent.c_str(), &owner) == 0 && owner.st_uid != geteuid() &&
        chown(directory.c_str(), owner.st_uid, owner.st_gid) != 0) {
      return SystemError(directory);
    }
  } else if (errno != EEXIST) {
    return SystemError(directory);
  }
  const Descriptor lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.Get() < 0 || flock(lock.Get(), LOCK_EX) != 0) return SystemError(directory);
  return edit();
}

Result<std::vector<std::vector<std::string_view>>> ParseRows(std::string_view text,
                                                             std::string_view kind, size_t fields) {
  std::vector<std::vector<std::string_view>> rows;
  if (text.empty()) return rows;
  const std::string head = std::string(kind) + " 1\n";
  if (!text.starts_with(head)) {
    return Fail(ErrorCode::kCorrupt, "line 1 must be '" + std::string(kind) + " 1'");
  }
  text.remove_prefix(head.size());
  while (!text.empty()) {
    const size_t end = text.find('\n');
    rows.push_back(SplitTabs(text.substr(0, end)));
    if (end == std::string_view::npos || rows.back().size() != fields) {
      return Fail(ErrorCode::kCorrupt, "line " + std::to_string(rows.size() + 1) + " must have " +
                                           std::to_string(fields) + " fields between tabs");
    }
    text.remove_prefix(end + 1);
  }
  return rows;
}

std::optional<TimeNs> ParseTimeField(std::string_view field) {
  const auto time = ParseDecimal(field);
  if (!time || !std::in_range<TimeNs>(*time)) return std::nullopt;
  return static_cast<TimeNs>(*time);
}

void AppendRow(std::string& out, const std::vector<std::string>& fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out.push_back('\t');
    out.append(fields[i]);
  }
  out.push_back('\n');
}

}  // namespace tailrace
