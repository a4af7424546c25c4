// Viewers for whom nothing is made: they wait, come all at once, or read what is stored.
#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "bench/load/modes.h"
#include "bench/load/report.h"
#include "bench/load/viewer_set.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

void PollFor(ViewerSet& viewers, double seconds) {
  const auto end_ns = NowNs() + static_cast<uint64_t>(seconds * kSecondNs);
  while (NowNs() < end_ns) viewers.Poll(50);
}

std::vector<size_t> RoundRobin(size_t viewers, size_t logs) {
  std::vector<size_t> chosen(viewers);
  for (size_t i = 0; i < viewers; ++i) chosen[i] = i % logs;
  return chosen;
}

}  // namespace

void RunIdle(const Options& options) {
  constexpr double kSettleSeconds = 1;
  ViewerSet viewers(options.target);
  if (options.warm > 0) viewers.Connect(options.Plan(), options.warm);
  PollFor(viewers, kSettleSeconds);
  const auto before = static_cast<double>(ResidentBytes(options.pid));
  viewers.Connect(options.Plan(), options.viewers);
  PollFor(viewers, kSettleSeconds);
  const auto after = static_cast<double>(ResidentBytes(options.pid));
  Report report;
  report.Add("bytes_each", (after - before) / static_cast<double>(options.viewers));
  report.Add("resident_before", before);
  report.Add("resident_after", after);
}

void RunHold(const Options& options) {
  ViewerSet viewers(options.target);
  viewers.Connect(options.Plan(), options.viewers);
  { Report().Add("viewers", static_cast<double>(viewers.Size())); }
  const auto end_ns = NowNs() + static_cast<uint64_t>(options.seconds * kSecondNs);
  const uint64_t wanted = options.expect * viewers.Checked();
  while (NowNs() < end_ns && (wanted == 0 || viewers.tally().entries < wanted)) viewers.Poll(50);
  Report report;
  report.Add("entries", static_cast<double>(viewers.tally().entries));
  errno = 0;
  if (viewers.tally().entries < wanted) Die("not all entries came");
}

void RunStorm(const Options& options) {
  ViewerSet viewers(options.target);
  const ViewerPlan plan = options.Plan();
  const std::vector<size_t> logs = RoundRobin(options.viewers, options.logs);
  Meter meter(options.pid);
  const uint64_t start_ns = NowNs();
  double late_s = 0;  // how much later than meant connections were begun
  for (size_t i = 0; i < logs.size();) {
    const double now_s = static_cast<double>(NowNs() - start_ns) / kSecondNs;
    const auto due = static_cast<size_t>(double(logs.size()) * now_s / options.seconds);
    for (; i < std::min(due, logs.size()); ++i) viewers.Start(plan, {logs[i]});
    late_s = now_s - options.seconds;
    viewers.Poll(0);
  }
  while (viewers.tally().opened < viewers.Size()) viewers.Poll(10);
  const uint64_t wanted = options.expect * viewers.Checked();
  while (viewers.tally().entries < wanted) viewers.Poll(10);
  meter.Stop();
  Report report;
  meter.AddRates(report, static_cast<double>(viewers.Size()));
  report.Add("seconds", meter.seconds());
  report.Add("begun_late_s", std::max(late_s, 0.0));
}

void RunReplay(const Options& options) {
  ViewerSet viewers(options.target);
  std::FILE* file = options.save.empty() ? nullptr : std::fopen(options.save.c_str(), "wb");
  if (!options.save.empty() && file == nullptr) Die("cannot write " + options.save);
  ViewerPlan plan = options.Plan();
  plan.may_end = true;
  plan.save = file;
  Meter meter(options.pid);
  viewers.Connect(plan, options.viewers);
  while (viewers.tally().ended < viewers.Size()) viewers.Poll(1000);
  meter.Stop();
  if (file != nullptr) std::fclose(file);
  if (options.expect > 0) viewers.CheckExact({options.expect});
  const auto bytes = static_cast<double>(viewers.tally().bytes);
  Report report;
  meter.AddRates(report, bytes);
  report.Add("bytes", bytes);
  report.Add("seconds", meter.seconds());
}

}  // namespace tailrace::bench
