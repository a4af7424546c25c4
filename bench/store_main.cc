// bench_store FOLDER SECONDS: the embedded store without sockets. 1,000 logs, in each of which the
// next line is appended when the last one is on disk. Prints one JSON object: the rate, and how
// long a line took, settling (docs/adr/0012) included.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "bench/mark.h"
#include "bench/wire.h"
#include "store/rocksdb/rocksdb_store.h"

namespace tailrace::bench {
namespace {

constexpr size_t kLogs = 1000;
constexpr size_t kTextBytes = 200;

// Which logs may be appended to. Filled by the commit thread, which is measured and not to be busy
// with waking somebody up for each of them.
class Ready {
 public:
  void Push(size_t log) {
    bool enough = false;
    {
      const std::lock_guard lock(mutex_);
      logs_.push_back(log);
      enough = logs_.size() == kEnough;
    }
    if (enough) some_.notify_one();
  }
  void TakeAll(std::vector<size_t>& out) {
    constexpr std::chrono::microseconds kPatience(200);
    out.clear();
    std::unique_lock lock(mutex_);
    do {
      some_.wait_for(lock, kPatience, [this] { return logs_.size() >= kEnough; });
    } while (logs_.empty());
    std::swap(out, logs_);
  }

 private:
  static constexpr size_t kEnough = kLogs / 4;

  std::mutex mutex_;
  std::condition_variable some_;
  std::vector<size_t> logs_;
};

class OneLineEach {
 public:
  explicit OneLineEach(LogStore& store) : store_(store), sequences_(kLogs), began_ns_(kLogs) {}

  void Append(size_t log) {
    text_.clear();
    AppendMarkedText(text_, 0, sequences_[log]++, kTextBytes);
    AppendRequest request;
    request.key = {"bench", std::to_string(log)};
    request.run.Add({.time = 1, .text = text_});
    request.done = [this, log](const Result<AppendAnswer>& answer) {
      if (!answer) Die(answer.error().message);
      ready_.Push(log);
    };
    store_.Append(std::move(request));
  }

  /// Appends until then; returns how many lines were stored.
  uint64_t RunUntil(uint64_t end_ns) {
    uint64_t stored = 0;
    std::vector<size_t> logs;
    latencies_ns_.clear();
    for (uint64_t now_ns = NowNs(); now_ns < end_ns;) {
      ready_.TakeAll(logs);
      now_ns = NowNs();
      stored += logs.size();
      for (const size_t log : logs) {
        if (began_ns_[log] != 0) latencies_ns_.push_back(now_ns - began_ns_[log]);
        began_ns_[log] = now_ns;
        Append(log);
      }
    }
    return stored;
  }

  /// Of the last RunUntil. `share` of the lines took at most so long.
  double Percentile(double share) {
    const auto at = static_cast<ptrdiff_t>(static_cast<double>(latencies_ns_.size() - 1) * share);
    std::ranges::nth_element(latencies_ns_, latencies_ns_.begin() + at);
    return static_cast<double>(latencies_ns_[static_cast<size_t>(at)]) / 1e9;
  }

 private:
  LogStore& store_;
  Ready ready_;
  std::vector<uint64_t> sequences_;
  std::vector<uint64_t> began_ns_;
  std::vector<uint64_t> latencies_ns_;
  std::string text_;
};

}  // namespace
}  // namespace tailrace::bench

int main(int argc, char** argv) {
  using namespace tailrace;
  if (argc != 3) bench::Die("bench_store FOLDER SECONDS");
  const StoreOptions options;
  auto store = OpenRocksDbStore(argv[1], options);
  if (!store) bench::Die(store.error().message);
  bench::OneLineEach lines(**store);
  for (size_t log = 0; log < bench::kLogs; ++log) lines.Append(log);
  lines.RunUntil(bench::NowNs() + 300'000'000);  // the logs are created
  const uint64_t start_ns = bench::NowNs();
  const auto end_ns = start_ns + static_cast<uint64_t>(std::strtod(argv[2], nullptr) * 1e9);
  const auto stored = static_cast<double>(lines.RunUntil(end_ns));
  const double seconds = static_cast<double>(bench::NowNs() - start_ns) / 1e9;
  const StoreStats stats = (*store)->Stats();
  store->reset();  // before `lines`, which it answers
  std::printf(
      "{\"per_second\":%.1f,\"entries_per_commit\":%.1f,\"p50_s\":%.6f,\"p99_s\":%.6f,"
      "\"max_s\":%.6f}\n",
      stored / seconds, static_cast<double>(stats.entries) / static_cast<double>(stats.commits),
      lines.Percentile(0.5), lines.Percentile(0.99), lines.Percentile(1));
  return 0;
}
