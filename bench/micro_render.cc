// What a chunk costs before the first viewer gets it: rendering, which is done once for all.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>

#include "feed/segment.h"
#include "log/chunk.h"
#include "server/sse_renderer.h"

namespace tailrace::bench {
namespace {

constexpr uint64_t kEntries = 100;

ChunkPtr MakeChunk(const std::string& text) {
  EntryRun run;
  for (uint64_t i = 0; i < kEntries; ++i) {
    run.Add({.time = 1'700'000'000'000'000'000, .text = text, .stream = "stdout"});
  }
  auto chunk = std::make_shared<Chunk>();
  chunk->begin = 1'000'000;
  chunk->end = chunk->begin + kEntries;
  chunk->encoded = std::move(run.encoded);
  return chunk;
}

void Render(benchmark::State& state, Format format, const std::string& text) {
  const SseRenderer renderer;
  const std::array chunks = {MakeChunk(text)};
  for (auto _ : state) {
    std::string out;
    renderer.Render(format, "k3v9x2", chunks[0]->begin, chunks[0]->end, chunks, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kEntries));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kEntries * text.size()));
}

const std::string kPlain(200, 'x');
const std::string kHostile = std::string(60, '\r') + std::string(60, '\xff') + std::string(80, '"');

BENCHMARK_CAPTURE(Render, text, Format::kText, kPlain);
BENCHMARK_CAPTURE(Render, json, Format::kJson, kPlain);
BENCHMARK_CAPTURE(Render, batch, Format::kBatch, kPlain);
BENCHMARK_CAPTURE(Render, text_hostile, Format::kText, kHostile);
BENCHMARK_CAPTURE(Render, json_hostile, Format::kJson, kHostile);

}  // namespace
}  // namespace tailrace::bench
