#include "store/rocksdb/blob_compression.h"

#include <algorithm>
#include <utility>

#include "store/rocksdb/database.h"

namespace tailrace::rocks {

std::optional<bool> BlobPace::Add(uint64_t bytes, Time now) {
  bytes_ += bytes;
  const auto spent = std::chrono::duration_cast<std::chrono::microseconds>(now - start_);
  if (bytes_ < kWindowBytes && spent < kWindow) return std::nullopt;
  const uint64_t spent_us = std::max<uint64_t>(static_cast<uint64_t>(spent.count()), 1);
  const uint64_t bytes_a_second = bytes_ * 1'000'000 / spent_us;
  start_ = now;
  bytes_ = 0;
  const bool changes =
      compresses_ ? bytes_a_second > kPlainAboveBytes : bytes_a_second < kCompressedBelowBytes;
  if (!changes) return std::nullopt;
  compresses_ = !compresses_;
  return compresses_;
}

BlobCompression::BlobCompression(Database& database)
    : database_(database), pace_(std::chrono::steady_clock::now()), thread_([this] { Run(); }) {}

BlobCompression::~BlobCompression() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void BlobCompression::Written(uint64_t bytes) {
  const std::optional<bool> wanted = pace_.Add(bytes, std::chrono::steady_clock::now());
  if (!wanted) return;
  {
    const std::lock_guard lock(mutex_);
    wanted_ = wanted;
  }
  changed_.notify_one();
}

// RocksDB writes a file of its options at each change, so the commit thread does not do it.
void BlobCompression::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || wanted_; });
    if (closing_) return;
    const bool compress = *std::exchange(wanted_, std::nullopt);
    lock.unlock();
    database_.CompressBlocks(compress);
    lock.lock();
  }
}

}  // namespace tailrace::rocks
