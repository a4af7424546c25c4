// FileStamp: has a file, or what its name leads to, become another one?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tailrace {

/// Symbolic links are followed, so a link that leads elsewhere counts. All zero: cannot be seen.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size_bytes = 0;
  int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;
};
using FileStamps = std::vector<FileStamp>;

FileStamps StampsOf(const std::vector<std::string>& paths);

/// Decides when files that belong together are worth reading again: they differ from what was read
/// last, and are as they were at the look before.
class FileChange {
 public:
  bool Look(const FileStamps& now, const FileStamps& read) {
    const bool settled = now == seen_;
    seen_ = now;
    return settled && now != read;
  }

 private:
  FileStamps seen_;
};

}  // namespace tailrace
