// Viewers that do nothing, and one that reads what is stored.
#include <cerrno>
#include <cstdio>

#include "bench/modes.h"
#include "bench/viewer_set.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

constexpr double kNs = 1e9;
constexpr uint64_t kSettleNs = 1'000'000'000;

void Settle(ViewerSet& viewers) {
  const uint64_t end_ns = NowNs() + kSettleNs;
  while (NowNs() < end_ns) viewers.Poll(100);
}

}  // namespace

void RunIdle(const Options& options) {
  ViewerSet viewers(options.port);
  viewers.Connect(options.view, options.warm);
  Settle(viewers);
  const uint64_t before = ResidentBytes(options.pid);
  viewers.Connect(options.view, options.viewers);
  Settle(viewers);
  const uint64_t after = ResidentBytes(options.pid);
  std::printf("{\"bytes_each\":%.1f,\"resident_before\":%llu,\"resident_after\":%llu}\n",
              (static_cast<double>(after) - static_cast<double>(before)) /
                  static_cast<double>(options.viewers),
              static_cast<unsigned long long>(before), static_cast<unsigned long long>(after));
}

void RunReplay(const Options& options) {
  ViewerSet viewer(options.port);
  std::FILE* file = options.file.empty() ? nullptr : std::fopen(options.file.c_str(), "wb");
  if (!options.file.empty() && file == nullptr) Die("cannot write " + options.file);
  viewer.SaveTo(file);
  const uint64_t cpu_ns = CpuNs(options.pid);
  const uint64_t start_ns = NowNs();
  viewer.Connect(options.view, 1, "Connection: close\r\n");
  while (viewer.Ended() == 0) viewer.Poll(1000);
  const double seconds = static_cast<double>(NowNs() - start_ns) / kNs;
  const double cpu = static_cast<double>(CpuNs(options.pid) - cpu_ns) / kNs;
  if (file != nullptr) std::fclose(file);
  viewer.CheckExact({options.expect});
  const auto bytes = static_cast<double>(viewer.Bytes());
  std::printf("{\"bytes\":%.0f,\"per_second\":%.1f,\"per_cpu_second\":%.1f}\n", bytes,
              bytes / seconds, bytes / cpu);
}

}  // namespace tailrace::bench
