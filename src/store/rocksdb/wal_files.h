// WalFiles: write-ahead log files whose blocks are on the disk before they are needed. A sync of a
// file that grows also writes the file system's journal, which costs more than the entries and
// waits for whoever else uses that journal. So while one log file is written the next one is filled
// with zeros in the background, and RocksDB gets it as its new file. Zeros behind the last record
// are no record, so reading a log needs to know nothing of this.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tailrace::rocks {

struct WalFilesOptions {
  uint64_t file_bytes = 64 << 20;  ///< Of a prepared file: about what a log file gets.
  /// A store in which no log file gets so large prepares none.
  uint64_t busy_bytes = 4 << 20;
  /// Nor one whose commits are larger on average: their syncs write little besides the entries,
  /// and the zeros would cost more than they save.
  uint64_t large_commit_bytes = 256 << 10;
};

class WalFiles {
 public:
  /// `folder` is RocksDB's. `env` (null: the system's) must outlive it. A file that an earlier run
  /// prepared is used at once.
  WalFiles(const std::string& folder, rocksdb::Env* env, const WalFilesOptions& options);
  /// Waits for a file that is being prepared, at most for its next step.
  ~WalFiles();
  WalFiles(const WalFiles&) = delete;
  WalFiles& operator=(const WalFiles&) = delete;

  /// For RocksDB. Must be out of use before this object goes.
  rocksdb::Env* env();
  /// For tests: waits until nothing is being prepared. True: a file is ready.
  bool WaitUntilPrepared();

  /// The prepared file's name in `folder`; RocksDB ignores it.
  static constexpr const char* kSpareName = "SPARE";

 private:
  class FileSystem;
  std::shared_ptr<FileSystem> files_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace tailrace::rocks
