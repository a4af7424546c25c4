// The store's directory: who may use it, and which format it has. Knows nothing of RocksDB.
//
//   DIR/LOCK     held with flock(2) by the process that has the store open
//   DIR/FORMAT   the format version, as text
//   DIR/COMMITTED  the last commit that was told to anyone (recovery.h)
//   DIR/db/      RocksDB
#pragma once

#include <string>

#include "base/result.h"

namespace tailrace::rocks {

/// Holds the directory until it is destroyed.
class StoreDirectory {
 public:
  /// Creates the directory if needed, locks it and checks its format. kUnavailable: another process
  /// has it, or it cannot be made or written. kCorrupt: its format is another or unreadable.
  static Result<StoreDirectory> Open(const std::string& path);

  StoreDirectory(StoreDirectory&& other) noexcept;
  StoreDirectory& operator=(StoreDirectory&&) = delete;
  ~StoreDirectory();

  std::string DatabasePath() const { return path_ + "/db"; }
  std::string CommittedPath() const { return path_ + "/COMMITTED"; }
  const std::string& path() const { return path_; }

 private:
  StoreDirectory(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

  std::string path_;
  int lock_fd_;
};

}  // namespace tailrace::rocks
