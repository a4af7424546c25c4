// For tests: a RocksDB Env over the real files whose n-th call fails, and which can lose what was
// not synced, as a power cut does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tailrace::testing {

enum class Fault : uint8_t {
  kIoError,    ///< EIO.
  kNoSpace,    ///< ENOSPC; an append has written half.
  kShortRead,  ///< Half of what is there, without an error.
  kBadRead,    ///< One bit is wrong.
};

class FaultFileSystem {
 public:
  FaultFileSystem();
  ~FaultFileSystem();

  rocksdb::Env* env();

  /// The n-th writing call from now on fails (0: none), and with `for_good` all after it too.
  void FailWrite(uint64_t n, Fault fault, bool for_good);
  /// The n-th reading call from now on fails (0: none).
  void FailRead(uint64_t n, Fault fault);
  /// Writing or reading calls since the last FailWrite or FailRead.
  uint64_t writes() const;
  uint64_t reads() const;
  /// True if the chosen call has come and failed.
  bool hit() const;

  /// No write reaches a file any more. Then, when the store is closed, LoseUnsynced cuts each file
  /// back to what was synced.
  void CutPower();
  void LoseUnsynced();

  struct State;

 private:
  std::shared_ptr<State> state_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace tailrace::testing
