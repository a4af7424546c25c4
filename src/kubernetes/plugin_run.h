// PluginRun: one run of an `exec` plugin of a kubeconfig.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/loop.h"

namespace tailrace::kube {

struct PluginCommand {
  std::string command;  ///< A path, or a name that PATH has.
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< "NAME=value", all of it.
  uint64_t timeout_ms = 60'000;
};
inline constexpr size_t kPluginOutputBytes = 1 << 20;

/// Loop thread. Destroying it kills the process group that it started.
class PluginRun {
 public:
  /// What it wrote to stdout, when it has ended with code 0. kUnavailable: it can't be started,
  /// failed (with the last line that it wrote to stderr), took too long, wrote too much.
  using Done = std::move_only_function<void(Result<std::string> output)>;

  /// `done` comes once, not during this call; the run may be destroyed in it.
  PluginRun(Loop& loop, const PluginCommand& command, Done done);
  ~PluginRun();

 private:
  struct State;
  State* const state_;  // libuv's until its handles are closed
};

}  // namespace tailrace::kube
