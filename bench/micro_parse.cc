// What a producer's request costs before the store sees it.
#include <benchmark/benchmark.h>

#include <string>

#include "http/http1.h"
#include "ingest/body_parser.h"
#include "ingest/redactor.h"

namespace tailrace::bench {
namespace {

constexpr int64_t kLines = 1000;

std::string Lines(const std::string& line) {
  std::string body;
  for (int64_t i = 0; i < kLines; ++i) body.append(line).push_back('\n');
  return body;
}

void ParseBody(benchmark::State& state, std::string_view type, const std::string& line) {
  const BodyLimits limits;
  const std::string body = Lines(line);
  for (auto _ : state) {
    const auto parser = MakeBodyParser(type, limits);
    EntryRun run;
    if (!parser->Feed(body, 1, run) || !parser->Finish(1, run)) state.SkipWithError("refused");
    if (run.count != static_cast<uint64_t>(kLines)) state.SkipWithError("wrong count");
  }
  state.SetItemsProcessed(state.iterations() * kLines);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(body.size()));
}

const std::string kText(200, 'x');
BENCHMARK_CAPTURE(ParseBody, text, "text/plain", kText);
BENCHMARK_CAPTURE(ParseBody, ndjson, "application/x-ndjson",
                  R"({"time":"2024-05-01T12:00:00.123456Z","stream":"stdout","text":")" + kText +
                      "\"}");

// The same with the built-in patterns of [redact]; `line` has a secret or none.
void RedactBody(benchmark::State& state, const std::string& line) {
  const auto redactor = Redactor::Make({.builtin = true});
  const std::string body = Lines(line);
  for (auto _ : state) {
    const auto parser = MakeBodyParser("text/plain", {}, redactor->get());
    EntryRun run;
    if (!parser->Feed(body, 1, run) || !parser->Finish(1, run)) state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations() * kLines);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(body.size()));
}

const std::string kOrdinary =
    "2024-05-01T12:00:00.123Z INFO web-7d9f/app Deployment web-7d9f scaled 3 -> 5 in 1.204s "
    "(image registry/app:1.4.2, node worker-3, request 5f1c2ab0)";
BENCHMARK_CAPTURE(ParseBody, ordinary, "text/plain", kOrdinary);
BENCHMARK_CAPTURE(RedactBody, ordinary, kOrdinary);
BENCHMARK_CAPTURE(RedactBody, secret, kOrdinary + " DB_PASSWORD=hunter2");

class Nothing : public RequestEvents {
 public:
  void OnHead(RequestHead&& head) override { benchmark::DoNotOptimize(head.headers); }
  void OnBody(std::string_view bytes) override { benchmark::DoNotOptimize(bytes.data()); }
  void OnComplete() override {}
};

void ParseRequest(benchmark::State& state) {
  const Http1Limits limits;
  Http1Parser parser(&limits);
  Nothing events;
  const std::string request =
      "POST /api/v1/logs/deploy/42/entries HTTP/1.1\r\nHost: logs.example.com\r\n"
      "User-Agent: curl/8.0\r\nAccept: */*\r\nContent-Type: text/plain\r\n"
      "Content-Length: 6\r\n\r\nhello\n";
  for (auto _ : state) {
    if (parser.Consume(request, events) != request.size()) state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ParseRequest);

}  // namespace
}  // namespace tailrace::bench
