// What a mode prints, and the clocks that its numbers come from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::bench {

inline constexpr double kSecondNs = 1e9;

/// Prints itself as one JSON object when it goes.
class Report {
 public:
  Report() = default;
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void Add(std::string_view name, double value);
  /// p50_s, p99_s, max_s and samples. Sorts them.
  void AddLatencies(std::vector<uint64_t>& latencies_ns);

 private:
  std::string members_;
};

/// Time since it was made, and CPU time of a process (0: nobody's).
class Meter {
 public:
  explicit Meter(int pid);
  void Stop();
  double seconds() const { return seconds_; }
  /// per_second, and per_cpu_second if there is a process.
  void AddRates(Report& report, double count) const;

 private:
  int pid_;
  uint64_t cpu_ns_;
  uint64_t start_ns_;
  double seconds_ = 0;
  double cpu_seconds_ = 0;
};

}  // namespace tailrace::bench
