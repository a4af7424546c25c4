#include "bench/load/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bench/wire.h"

namespace tailrace::bench {

Report::~Report() {
  std::printf("{%s}\n", members_.c_str());
  std::fflush(stdout);
}

void Report::Add(std::string_view name, double value) {
  char number[40];
  std::snprintf(number, sizeof number, value == std::floor(value) ? "%.0f" : "%.9g", value);
  if (!members_.empty()) members_.push_back(',');
  members_.append("\"").append(name).append("\":").append(number);
}

void Report::AddLatencies(std::vector<uint64_t>& latencies_ns) {
  Add("samples", static_cast<double>(latencies_ns.size()));
  if (latencies_ns.empty()) return;
  std::ranges::sort(latencies_ns);
  const auto at = [&](double share) {
    const double index = share * static_cast<double>(latencies_ns.size() - 1);
    return static_cast<double>(latencies_ns[static_cast<size_t>(index)]) / kSecondNs;
  };
  Add("p50_s", at(0.5));
  Add("p99_s", at(0.99));
  Add("max_s", at(1));
}

Meter::Meter(int pid) : pid_(pid), cpu_ns_(pid == 0 ? 0 : CpuNs(pid)), start_ns_(NowNs()) {}

void Meter::Stop() {
  seconds_ = static_cast<double>(NowNs() - start_ns_) / kSecondNs;
  if (pid_ != 0) cpu_seconds_ = static_cast<double>(CpuNs(pid_) - cpu_ns_) / kSecondNs;
}

void Meter::AddRates(Report& report, double count) const {
  report.Add("per_second", count / seconds_);
  if (pid_ != 0) report.Add("per_cpu_second", count / cpu_seconds_);
}

}  // namespace tailrace::bench
