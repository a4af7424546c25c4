// Entries that are stored; nobody looks at them.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "bench/load/modes.h"
#include "bench/load/producer.h"
#include "bench/load/report.h"
#include "bench/load/viewer_set.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

// The producers of a mode and the loop that waits for them.
class Producers {
 public:
  Producers(const Options& options, size_t count) : waiter_(options.target) {
    for (size_t i = 0; i < count; ++i) {
      all_.push_back(std::make_unique<Producer>(options, i, options.mark));
      waiter_.Watch(all_.back()->fd(), i);
    }
  }

  /// Calls answered(index) for each body that was answered.
  template <typename Answered>
  void Wait(Answered answered) {
    waiter_.Poll(1000);
    for (const size_t i : waiter_.Ready()) {
      if (all_[i]->Advance()) answered(i);
    }
  }
  void Sleep(uint64_t until_ns) {
    while (NowNs() < until_ns) waiter_.PollUntil(until_ns);
  }
  void WaitForAll() {
    while (std::ranges::any_of(all_, [](const auto& one) { return one->Busy(); })) {
      Wait([](size_t) {});
    }
  }

  /// Dies if a log has another length than what was sent to it. `own_logs`: each has its own one;
  /// otherwise the last answer tells the length of the one log.
  void CheckPositions(bool own_logs) const {
    errno = 0;
    uint64_t sent = 0, position = 0;
    for (const auto& one : all_) {
      if (own_logs && one->AnsweredPosition() != one->sent()) Die("a log has another length");
      sent += one->sent();
      position = std::max(position, one->AnsweredPosition());
    }
    if (!own_logs && position != sent) Die("the log has another length");
  }

  Producer& operator[](size_t i) { return *all_[i]; }
  size_t Size() const { return all_.size(); }

 private:
  ViewerSet waiter_;
  std::vector<std::unique_ptr<Producer>> all_;
};

}  // namespace

void RunIngest(const Options& options) {
  Producers producers(options, options.producers);
  // The first body of each creates its log and is not counted.
  for (size_t i = 0; i < producers.Size(); ++i) producers[i].Send(options.lines);
  producers.WaitForAll();
  uint64_t stored = 0;
  Meter meter(options.pid);
  const auto end_ns = NowNs() + static_cast<uint64_t>(options.seconds * kSecondNs);
  // Its next body is ready when a producer gets its answer: what takes time is the server.
  const auto send = [&](size_t i) {
    producers[i].Send(options.lines);
    producers[i].Prepare(options.lines);
  };
  for (size_t i = 0; i < producers.Size(); ++i) send(i);
  while (NowNs() < end_ns) {
    producers.Wait([&](size_t i) {
      stored += options.lines;
      send(i);
    });
  }
  meter.Stop();
  producers.WaitForAll();
  if (options.body == Body::kLines) producers.CheckPositions(options.post.contains("{}"));
  Report report;
  meter.AddRates(report, static_cast<double>(stored));
}

void RunUpload(const Options& options) {
  Producers producers(options, 1);
  Producer& producer = producers[0];
  producer.Send(options.lines);  // creates the log and is not counted
  producers.WaitForAll();
  Meter meter(options.pid);
  const auto end_ns = NowNs() + static_cast<uint64_t>(options.seconds * kSecondNs);
  producer.StartUpload();
  while (NowNs() < end_ns) {
    if (producer.Sent()) {
      producer.Upload(options.lines);
    } else {
      producers.Wait([](size_t) {});
    }
  }
  while (!producer.Sent()) producers.Wait([](size_t) {});
  producer.EndUpload();
  producers.WaitForAll();
  meter.Stop();
  errno = 0;
  if (producer.AnsweredPosition() != producer.sent()) Die("the log has another length");
  const auto stored = static_cast<double>(producer.sent() - options.lines);
  Report report;
  meter.AddRates(report, stored);
  report.Add("entries", stored);
}

void RunAppends(const Options& options) {
  Producers producers(options, 1);
  producers[0].Send(options.lines);
  producers.WaitForAll();
  const auto every_ns = static_cast<uint64_t>(kSecondNs) / options.rate;
  std::vector<uint64_t> latencies_ns;
  uint64_t due_ns = NowNs() + every_ns;
  const auto end_ns = NowNs() + static_cast<uint64_t>(options.seconds * kSecondNs);
  while (due_ns < end_ns) {
    producers.Sleep(due_ns);
    producers[0].Send(options.lines);
    producers.WaitForAll();
    // From when it was due: an append that is late makes the next ones late too.
    latencies_ns.push_back(NowNs() - due_ns);
    due_ns += every_ns;
  }
  Report().AddLatencies(latencies_ns);
}

void RunFill(const Options& options) {
  Producers producers(options, 1);
  Producer& producer = producers[0];
  while (producer.sent() < options.expect) {
    producer.Send(std::min(options.lines, options.expect - producer.sent()));
    producers.WaitForAll();
  }
  Report().Add("position", static_cast<double>(producer.AnsweredPosition()));
}

void RunCreate(const Options& options) {
  Producers producers(options, std::min(options.producers, options.logs));
  size_t next = 0;
  const auto send_next = [&](size_t i) {
    if (next == options.logs) return;
    producers[i].Create(PathOf(options.post, next++));
  };
  Meter meter(options.pid);
  for (size_t i = 0; i < producers.Size(); ++i) send_next(i);
  while (next < options.logs) producers.Wait(send_next);
  producers.WaitForAll();
  meter.Stop();
  Report report;
  meter.AddRates(report, static_cast<double>(options.logs));
}

}  // namespace tailrace::bench
