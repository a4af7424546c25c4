// SearchLoad: how many searches the process carries out, and what they cost.
#pragma once

#include <atomic>
#include <cstdint>

namespace tailrace {

/// Any thread.
struct SearchLoad {
  std::atomic<uint64_t> under_way = 0;
  std::atomic<uint64_t> started = 0;
  std::atomic<uint64_t> refused = 0;  ///< With 429: `limits.searches` were under way.
  std::atomic<uint64_t> cpu_ns = 0;   ///< Of the reader pool, for their slices.
};

}  // namespace tailrace
