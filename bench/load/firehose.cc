// Producers as fast as they are answered.
#include <algorithm>
#include <memory>

#include "bench/load/modes.h"
#include "bench/load/producer.h"
#include "bench/load/report.h"
#include "bench/load/viewer_set.h"
#include "bench/mark.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

class Firehose {
 public:
  explicit Firehose(const Options& options) : options_(options), viewers_(options.target) {
    if (options.mark + options.producers > kMaxProducers) Die("too many producers of one log");
    for (size_t i = 0; i < options.producers; ++i) {
      producers_.push_back(std::make_unique<Producer>(options, i, options.mark + i));
      viewers_.Watch(producers_.back()->fd(), i);
    }
    viewers_.Connect(options.Plan(), options.viewers);
    if (viewers_.Checked() == 0) Die("some viewers must be checked");
  }

  void RunFor(double seconds) {
    const auto end_ns = NowNs() + static_cast<uint64_t>(seconds * kSecondNs);
    while (NowNs() < end_ns) {
      viewers_.Poll(SendMore() ? 100 : 1);
      Advance();
    }
  }

  /// What is under way arrives; the bound is --give-up.
  void Drain() {
    while (viewers_.tally().entries < sent_ * viewers_.Checked() || Busy()) {
      viewers_.Poll(100);
      Advance();
    }
    std::vector<uint64_t> sent(options_.mark);
    for (const auto& producer : producers_) sent.push_back(producer->sent());
    viewers_.CheckExact(sent);
  }

  /// Entries that all viewers got, as the checked ones say.
  double Delivered() const {
    return static_cast<double>(viewers_.tally().entries) * double(viewers_.Size()) /
           double(viewers_.Checked());
  }
  const ViewerSet& viewers() const { return viewers_; }

 private:
  bool Busy() const {
    return std::ranges::any_of(producers_, [](const auto& one) { return one->Busy(); });
  }

  void Advance() {
    for (const auto& producer : producers_) producer->Advance();
  }

  // False: a producer waits for the window.
  bool SendMore() {
    const uint64_t seen = viewers_.tally().entries / viewers_.Checked();
    for (const auto& producer : producers_) {
      if (producer->Busy()) continue;
      if (sent_ + options_.lines > seen + options_.window) return false;
      producer->Send(options_.lines);
      sent_ += options_.lines;
    }
    return true;
  }

  const Options& options_;
  ViewerSet viewers_;
  std::vector<std::unique_ptr<Producer>> producers_;
  uint64_t sent_ = 0;
};

// The share of the median's entries that the viewer got who got the fewest.
double SlowestShare(std::vector<uint64_t> counts) {
  std::ranges::sort(counts);
  const auto median = static_cast<double>(counts[counts.size() / 2]);
  return median == 0 ? 0 : static_cast<double>(counts.front()) / median;
}

}  // namespace

void RunFirehose(const Options& options) {
  constexpr double kWarmUpSeconds = 0.5;
  Firehose firehose(options);
  firehose.RunFor(kWarmUpSeconds);
  const double delivered = firehose.Delivered();
  const uint64_t bytes = firehose.viewers().tally().bytes;
  Meter meter(options.pid);
  firehose.RunFor(options.seconds);
  meter.Stop();
  Report report;
  meter.AddRates(report, firehose.Delivered() - delivered);
  report.Add("slowest_share", SlowestShare(firehose.viewers().Counts()));
  const auto read_bytes = static_cast<double>(firehose.viewers().tally().bytes - bytes);
  report.Add("bytes_per_second", read_bytes / meter.seconds());
  report.Add("bytes_each", read_bytes / (firehose.Delivered() - delivered));
  firehose.Drain();
}

}  // namespace tailrace::bench
