// bench_load MODE --name VALUE…: the load generators of scripts/bench.
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "bench/modes.h"
#include "bench/wire.h"

namespace {

struct Mode {
  std::string_view name;
  void (*run)(const tailrace::bench::Options& options);
};

constexpr std::array kModes = std::to_array<Mode>({
    {"one-at-a-time", tailrace::bench::RunOneAtATime},
    {"paced", tailrace::bench::RunPaced},
    {"firehose", tailrace::bench::RunFirehose},
    {"idle", tailrace::bench::RunIdle},
    {"replay", tailrace::bench::RunReplay},
    {"ingest", tailrace::bench::RunIngest},
    {"fill", tailrace::bench::RunFill},
    {"append", tailrace::bench::RunAppend},
    {"sqlite", tailrace::bench::RunSqlite},
});

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  tailrace::bench::RaiseDescriptorLimit();
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  for (const Mode& mode : kModes) {
    if (mode.name != wanted) continue;
    mode.run(tailrace::bench::ParseOptions(argc, argv, 2));
    return 0;
  }
  errno = 0;
  tailrace::bench::Die("no such mode: " + std::string(wanted));
}
