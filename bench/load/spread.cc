// Lines to many logs, whose viewers are spread over them as people are over jobs: a few are watched
// by many, most by hardly anybody.
#include <algorithm>
#include <cmath>
#include <memory>

#include "bench/load/modes.h"
#include "bench/load/producer.h"
#include "bench/load/report.h"
#include "bench/load/viewer_set.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

// Which log each of `viewers` watches: log k is chosen in proportion to 1 / (k + 1).
std::vector<size_t> ZipfLogs(size_t viewers, size_t logs) {
  std::vector<double> sums;
  for (size_t k = 0; k < logs; ++k) {
    sums.push_back((sums.empty() ? 0 : sums.back()) + 1 / static_cast<double>(k + 1));
  }
  std::vector<size_t> chosen;
  for (size_t i = 0; i < viewers; ++i) {
    // Evenly over the distribution instead of at random: the same every time.
    const double at = sums.back() * (static_cast<double>(i) + 0.5) / static_cast<double>(viewers);
    chosen.push_back(static_cast<size_t>(std::ranges::lower_bound(sums, at) - sums.begin()));
  }
  return chosen;
}

class Spread {
 public:
  explicit Spread(const Options& options)
      : options_(options),
        viewers_(options.target),
        sent_(options.logs),
        watchers_(options.logs),
        next_(options.producers) {
    const std::vector<size_t> logs = ZipfLogs(options.viewers, options.logs);
    for (const size_t log : logs) ++watchers_[log];
    for (size_t i = 0; i < options.producers; ++i) {
      producers_.push_back(std::make_unique<Producer>(options, i, options.mark));
      viewers_.Watch(producers_.back()->fd(), i);
      next_[i] = i;
    }
    viewers_.Connect(options.Plan(), logs);
    if (viewers_.Checked() < viewers_.Size()) Die("all viewers must be checked");
  }

  /// Each producer goes round its own logs. Returns how many entries viewers are to get.
  uint64_t RunFor(double seconds) {
    const auto end_ns = NowNs() + static_cast<uint64_t>(seconds * kSecondNs);
    const uint64_t before = due_;
    while (NowNs() < end_ns) {
      for (size_t i = 0; i < producers_.size(); ++i) {
        if (!producers_[i]->Busy()) SendNext(i);
      }
      Poll();
    }
    while (viewers_.tally().entries < due_) Poll();
    return due_ - before;
  }

  void Check() const { viewers_.CheckLogs(sent_); }

 private:
  void SendNext(size_t i) {
    const size_t log = next_[i];
    next_[i] += producers_.size();
    if (next_[i] >= options_.logs) next_[i] = i;
    producers_[i]->SendTo(PathOf(options_.post, log), sent_[log], options_.lines);
    due_ += options_.lines * watchers_[log];
  }

  void Poll() {
    viewers_.Poll(100);
    for (const auto& producer : producers_) producer->Advance();
  }

  const Options& options_;
  ViewerSet viewers_;
  std::vector<std::unique_ptr<Producer>> producers_;
  std::vector<uint64_t> sent_;      // by log
  std::vector<uint64_t> watchers_;  // by log
  std::vector<size_t> next_;        // by producer: its next log
  uint64_t due_ = 0;                // entries that viewers got or will get
};

}  // namespace

void RunSpread(const Options& options) {
  constexpr double kWarmUpSeconds = 0.5;
  Spread spread(options);
  spread.RunFor(kWarmUpSeconds);
  Meter meter(options.pid);
  const uint64_t delivered = spread.RunFor(options.seconds);
  meter.Stop();
  spread.Check();
  Report report;
  meter.AddRates(report, static_cast<double>(delivered));
}

}  // namespace tailrace::bench
