// What compressing a shared segment costs and gives, by coding, level and lines in the segment.
#include <benchmark/benchmark.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/mark.h"
#include "http/sse.h"

namespace tailrace::bench {
namespace {

constexpr uint64_t kLines = 16'384;

// Events of request log lines, so many in each part.
std::vector<std::string> MakeParts(size_t lines) {
  std::vector<std::string> parts;
  for (uint64_t n = 0; n < kLines; ++n) {
    if (n % lines == 0) parts.emplace_back();
    std::string text;
    AppendMarkedRequest(text, 0, n);
    AppendSseData(parts.back(), text);
    parts.back() += "id: k3v9x2." + std::to_string(n + 1) + "\n";
    AppendSseEnd(parts.back());
  }
  return parts;
}

template <typename Compress>
void Run(benchmark::State& state, Compress compress) {
  const std::vector<std::string> parts = MakeParts(static_cast<size_t>(state.range(1)));
  std::string out(ZSTD_compressBound(parts[0].size()) + (1 << 10), '\0');
  size_t plain = 0, coded = 0, next = 0;
  for (auto _ : state) {
    const std::string& part = parts[next++ % parts.size()];
    coded += compress(part, out);
    plain += part.size();
  }
  state.SetBytesProcessed(static_cast<int64_t>(plain));
  state.counters["ratio"] = static_cast<double>(plain) / static_cast<double>(coded);
}

void Gzip(benchmark::State& state) {
  z_stream stream{};
  const int level = static_cast<int>(state.range(0));
  CHECK(deflateInit2(&stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Run(state, [&](const std::string& part, std::string& out) {
    deflateReset(&stream);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream.avail_in = static_cast<uInt>(part.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    CHECK(deflate(&stream, Z_FULL_FLUSH) == Z_OK);
    return out.size() - stream.avail_out;
  });
  deflateEnd(&stream);
}

void Zstd(benchmark::State& state) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  Run(state, [&](const std::string& part, std::string& out) {
    return ZSTD_compressCCtx(context, out.data(), out.size(), part.data(), part.size(),
                             static_cast<int>(state.range(0)));
  });
  ZSTD_freeCCtx(context);
}

BENCHMARK(Gzip)->ArgNames({"level", "lines"})->ArgsProduct({{1, 4, 6}, {1, 4, 16, 64, 256}});
BENCHMARK(Zstd)->ArgNames({"level", "lines"})->ArgsProduct({{-1, 1, 3}, {1, 4, 16, 64, 256}});

}  // namespace
}  // namespace tailrace::bench
