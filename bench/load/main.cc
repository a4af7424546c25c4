// tailrace-load MODE --name VALUE…: the load generator; --help tells.
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <csignal>

#include "bench/load/options.h"
#include "bench/wire.h"

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  tailrace::bench::RaiseDescriptorLimit();
  tailrace::bench::Options options;
  const tailrace::bench::Mode mode = tailrace::bench::ParseCommandLine(argc, argv, options);
  signal(SIGALRM, [](int) {
    constexpr std::string_view kReason = "tailrace-load: not finished within --give-up seconds\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, kReason.data(), kReason.size());
    _exit(1);
  });
  alarm(static_cast<unsigned>(std::ceil(options.give_up_s)));
  mode(options);
  return 0;
}
