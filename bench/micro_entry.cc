// The encoded form of entries: written once at ingest, read for each rendering.
#include <benchmark/benchmark.h>

#include <string>

#include "log/entry.h"

namespace tailrace::bench {
namespace {

constexpr int64_t kEntries = 1000;
const std::string kText(200, 'x');

Entry Sample() {
  return {
      .time = 1'700'000'000'000'000'000, .text = kText, .stream = "stdout", .source = "web/app"};
}

void Encode(benchmark::State& state) {
  for (auto _ : state) {
    EntryRun run;
    for (int64_t i = 0; i < kEntries; ++i) run.Add(Sample());
    benchmark::DoNotOptimize(run.encoded.data());
  }
  state.SetItemsProcessed(state.iterations() * kEntries);
}
BENCHMARK(Encode);

void Read(benchmark::State& state) {
  EntryRun run;
  for (int64_t i = 0; i < kEntries; ++i) run.Add(Sample());
  for (auto _ : state) {
    EntryReader reader(run.encoded);
    Entry entry;
    while (reader.Next(entry)) benchmark::DoNotOptimize(entry.text.data());
  }
  state.SetItemsProcessed(state.iterations() * kEntries);
}
BENCHMARK(Read);

}  // namespace
}  // namespace tailrace::bench
