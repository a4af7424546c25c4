// CHECK: invariants of our own code. Stays on in release builds; never used on input.
#pragma once

namespace tailrace {

/// Prints `expression` with its place to stderr and aborts.
[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);

}  // namespace tailrace

#define CHECK(expression)                                       \
  do {                                                          \
    if (!(expression)) [[unlikely]]                             \
      ::tailrace::CheckFailed(#expression, __FILE__, __LINE__); \
  } while (false)
