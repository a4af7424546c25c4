// CommittedFile: a copy of the last commit's record outside RocksDB, written after the commit's
// fsync and before anybody is told. It survives `kill -9` (not always a power cut: it is never
// synced), and proves what had been told if the end of the write-ahead log is damaged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/rocksdb/commit_record.h"

namespace tailrace::rocks {

class CommittedFile {
 public:
  /// Makes the file if needed. kUnavailable.
  static Result<CommittedFile> Open(const std::string& path);
  CommittedFile(CommittedFile&& other) noexcept;
  CommittedFile& operator=(CommittedFile&&) = delete;
  ~CommittedFile();

  /// Nothing: new, or not written whole.
  std::optional<CommitRecord> Read() const;
  /// Failures are ignored: the file is a help, not a promise.
  void Write(std::string_view record);

 private:
  explicit CommittedFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace tailrace::rocks
