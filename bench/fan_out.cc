// Entries to many viewers of one log.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "bench/modes.h"
#include "bench/producer.h"
#include "bench/viewer_set.h"

namespace tailrace::bench {
namespace {

constexpr double kNs = 1e9;
constexpr uint64_t kStallNs = 30'000'000'000;
constexpr int kWarmUpEntries = 5;

void WaitForAll(ViewerSet& viewers, Producer& producer, uint64_t entries) {
  const uint64_t give_up_ns = NowNs() + kStallNs;
  while (viewers.Entries() < entries || producer.Busy()) {
    viewers.Poll(1000);
    producer.Advance();
    errno = 0;
    if (NowNs() > give_up_ns) Die("viewers did not get an entry");
  }
}

double At(std::vector<uint64_t>& sorted, double share) {
  return static_cast<double>(sorted[static_cast<size_t>(share * double(sorted.size() - 1))]) / kNs;
}

}  // namespace

void RunOneAtATime(const Options& options) {
  ViewerSet viewers(options.port);
  Producer producer(options, 0, 0);
  viewers.Watch(producer.fd(), 0);
  viewers.Connect(options.view, options.viewers);
  const auto send_one = [&] {
    producer.Send(1);
    WaitForAll(viewers, producer, producer.sent() * viewers.Size());
  };
  for (int i = 0; i < kWarmUpEntries; ++i) send_one();

  const uint64_t before = viewers.Entries();
  const uint64_t bytes_before = viewers.Bytes();
  const uint64_t cpu_ns = CpuNs(options.pid);
  const uint64_t start_ns = NowNs();
  const auto end_ns = start_ns + static_cast<uint64_t>(options.seconds * kNs);
  while (NowNs() < end_ns) send_one();
  const double seconds = static_cast<double>(NowNs() - start_ns) / kNs;
  const double cpu = static_cast<double>(CpuNs(options.pid) - cpu_ns) / kNs;
  viewers.CheckExact({producer.sent()});
  const auto delivered = static_cast<double>(viewers.Entries() - before);
  std::printf("{\"per_second\":%.1f,\"per_cpu_second\":%.1f,\"bytes_each\":%.1f}\n",
              delivered / seconds, delivered / cpu,
              static_cast<double>(viewers.Bytes() - bytes_before) / delivered);
}

void RunPaced(const Options& options) {
  ViewerSet viewers(options.port);
  Producer producer(options, 0, 0);
  viewers.Watch(producer.fd(), 0);
  viewers.Connect(options.view, options.viewers);
  for (int i = 0; i < kWarmUpEntries; ++i) {
    producer.Send(1);
    WaitForAll(viewers, producer, producer.sent() * viewers.Size());
  }
  const auto count = static_cast<uint64_t>(options.seconds * static_cast<double>(options.rate));
  const auto every_ns = static_cast<uint64_t>(kNs) / options.rate;
  std::vector<uint64_t> due_ns(producer.sent(), 0);
  viewers.NoteLatencies(&due_ns);
  uint64_t next_ns = NowNs() + every_ns;
  for (uint64_t i = 0; i < count; ++i, next_ns += every_ns) {
    while (NowNs() < next_ns || producer.Busy()) {
      const uint64_t now_ns = NowNs();
      viewers.Poll(now_ns + 1'000'000 < next_ns ? int((next_ns - now_ns) / 1'000'000) : 0);
      producer.Advance();
    }
    due_ns.push_back(next_ns);
    producer.Send(1);
  }
  WaitForAll(viewers, producer, producer.sent() * viewers.Size());
  viewers.CheckExact({producer.sent()});
  std::vector<uint64_t>& latencies = viewers.latencies_ns();
  std::sort(latencies.begin(), latencies.end());
  std::printf("{\"p50_s\":%.9f,\"p99_s\":%.9f,\"max_s\":%.9f,\"samples\":%zu}\n",
              At(latencies, 0.5), At(latencies, 0.99), At(latencies, 1), latencies.size());
}

namespace {

class Firehose {
 public:
  explicit Firehose(const Options& options) : options_(options), viewers_(options.port) {
    for (size_t i = 0; i < options.producers; ++i) {
      producers_.push_back(std::make_unique<Producer>(options, i, i));
      viewers_.Watch(producers_.back()->fd(), i);
    }
    viewers_.Connect(options.view, options.viewers);
  }

  void RunUntil(uint64_t end_ns) {
    while (NowNs() < end_ns) {
      viewers_.Poll(SendMore() ? 100 : 1);
      for (const auto& producer : producers_) producer->Advance();
    }
  }

  /// What is under way arrives.
  void Drain() {
    const uint64_t give_up_ns = NowNs() + kStallNs;
    while (viewers_.Entries() < sent_ * viewers_.Size()) {
      viewers_.Poll(100);
      for (const auto& producer : producers_) producer->Advance();
      if (NowNs() > give_up_ns) break;
    }
    std::vector<uint64_t> sent;
    sent.reserve(producers_.size());
    for (const auto& producer : producers_) sent.push_back(producer->sent());
    viewers_.CheckExact(sent);
  }

  const ViewerSet& viewers() const { return viewers_; }

 private:
  // False: a producer waits for the window.
  bool SendMore() {
    const uint64_t seen = viewers_.Entries() / viewers_.Size();
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

}  // namespace

void RunFirehose(const Options& options) {
  Firehose firehose(options);
  const uint64_t warm_ns = NowNs() + 500'000'000;
  firehose.RunUntil(warm_ns);
  const uint64_t before = firehose.viewers().Entries();
  const uint64_t bytes_before = firehose.viewers().Bytes();
  const uint64_t cpu_ns = CpuNs(options.pid);
  const uint64_t start_ns = NowNs();
  firehose.RunUntil(start_ns + static_cast<uint64_t>(options.seconds * kNs));
  const double seconds = static_cast<double>(NowNs() - start_ns) / kNs;
  const double cpu = static_cast<double>(CpuNs(options.pid) - cpu_ns) / kNs;
  const auto delivered = static_cast<double>(firehose.viewers().Entries() - before);
  const auto bytes = static_cast<double>(firehose.viewers().Bytes() - bytes_before);
  firehose.Drain();
  std::printf("{\"per_second\":%.1f,\"per_cpu_second\":%.1f,\"bytes_per_second\":%.1f}\n",
              delivered / seconds, delivered / cpu, bytes / seconds);
}

}  // namespace tailrace::bench
