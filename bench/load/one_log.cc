// Entries to many viewers of one log, one after the other.
#include <algorithm>
#include <cerrno>

#include "bench/load/modes.h"
#include "bench/load/producer.h"
#include "bench/load/report.h"
#include "bench/load/viewer_set.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

constexpr int kWarmUpEntries = 5;

class OneLog {
 public:
  explicit OneLog(const Options& options)
      : mark_(options.mark), viewers_(options.target), producer_(options, 0, mark_) {
    viewers_.Watch(producer_.fd(), 0);
    viewers_.Connect(options.Plan(), options.viewers);
    if (viewers_.Checked() == 0) Die("some viewers must be checked");
    for (int i = 0; i < kWarmUpEntries; ++i) {
      producer_.Send(1);
      WaitForAll();
    }
  }

  /// All viewers have all that was sent; the bound is --give-up.
  void WaitForAll() {
    const uint64_t wanted = producer_.sent() * viewers_.Checked();
    while (viewers_.tally().entries < wanted || producer_.Busy()) {
      viewers_.Poll(1000);
      producer_.Advance();
    }
  }

  /// Also until the last body is answered, if that takes longer.
  void WaitUntil(uint64_t time_ns) {
    while (NowNs() < time_ns) {
      viewers_.PollUntil(time_ns);
      producer_.Advance();
    }
    while (producer_.Busy()) {
      viewers_.Poll(1000);
      producer_.Advance();
    }
  }

  void CheckExact() const {
    std::vector<uint64_t> sent(mark_ + 1);
    sent[mark_] = producer_.sent();
    viewers_.CheckExact(sent);
  }

  ViewerSet& viewers() { return viewers_; }
  Producer& producer() { return producer_; }

 private:
  size_t mark_;
  ViewerSet viewers_;
  Producer producer_;
};

}  // namespace

void RunOneAtATime(const Options& options) {
  OneLog log(options);
  const uint64_t sent = log.producer().sent();
  const uint64_t bytes = log.viewers().tally().bytes;
  const auto end_ns = NowNs() + static_cast<uint64_t>(options.seconds * kSecondNs);
  Meter meter(options.pid);
  while (NowNs() < end_ns) {
    log.producer().Send(1);
    log.WaitForAll();
  }
  meter.Stop();
  log.CheckExact();
  const auto delivered = double((log.producer().sent() - sent) * log.viewers().Size());
  Report report;
  meter.AddRates(report, delivered);
  report.Add("bytes_each", double(log.viewers().tally().bytes - bytes) / delivered);
}

void RunPaced(const Options& options) {
  OneLog log(options);
  const auto count = static_cast<uint64_t>(options.seconds * static_cast<double>(options.rate));
  const auto every_ns = static_cast<uint64_t>(kSecondNs) / options.rate;
  std::vector<uint64_t> due_ns(log.producer().sent(), 0);
  log.viewers().NoteLatencies(&due_ns);
  const uint64_t resident_before = options.pid == 0 ? 0 : ResidentBytes(options.pid);
  Meter meter(options.pid);
  uint64_t next_ns = NowNs() + every_ns;
  for (uint64_t i = 0; i < count; ++i, next_ns += every_ns) {
    log.WaitUntil(next_ns);
    for (uint64_t line = 0; line < options.lines; ++line) due_ns.push_back(next_ns);
    log.producer().Send(options.lines);
  }
  log.WaitForAll();
  meter.Stop();
  log.CheckExact();
  Report report;
  meter.AddRates(report, double(count * options.lines * log.viewers().Size()));
  report.AddLatencies(log.viewers().latencies_ns());
  if (options.pid == 0) return;
  report.Add("resident_before", double(resident_before));
  report.Add("resident_after", double(ResidentBytes(options.pid)));
}

}  // namespace tailrace::bench
