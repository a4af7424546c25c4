// Whether blocks are compressed when they leave memory. LZ4 costs more CPU time than all else that
// a line costs while a producer sends as fast as it can, and takes it from the commits. So when
// entries come so fast that compressing them would hold them up, they are kept as they are
// (docs/adr/0020-bytes-that-come-fast.md); compaction compresses what it moves later.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace tailrace::rocks {

class Database;

/// The rule alone: of the last 64 MiB, or of the last 4 s if these brought less, what came a
/// second?
class BlobPace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr uint64_t kWindowBytes = 64 << 20;
  static constexpr std::chrono::milliseconds kWindow{4'000};
  static constexpr uint64_t kPlainAboveBytes = 64'000'000;       ///< A second.
  static constexpr uint64_t kCompressedBelowBytes = 32'000'000;  ///< A second.

  explicit BlobPace(Time start) : start_(start) {}

  /// `bytes` were committed now. What to do from here on, if it is something else: true: compress.
  std::optional<bool> Add(uint64_t bytes, Time now);

 private:
  Time start_;
  uint64_t bytes_ = 0;
  bool compresses_ = true;
};

class BlobCompression {
 public:
  /// `database` must outlive it, and compresses.
  explicit BlobCompression(Database& database);
  ~BlobCompression();
  BlobCompression(const BlobCompression&) = delete;
  BlobCompression& operator=(const BlobCompression&) = delete;

  /// On the commit thread, behind each commit. Never waits for RocksDB.
  void Written(uint64_t bytes);

 private:
  void Run();

  Database& database_;
  BlobPace pace_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<bool> wanted_;  ///< Guarded by mutex_, as below.
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace tailrace::rocks
