// The scheduler's time slice of a thread.
#pragma once

#include <cstdint>

namespace tailrace {

/// Asks for short turns on the CPU for the calling thread: when it wakes up, it interrupts a thread
/// whose slice is longer, instead of waiting for the end of that slice (Linux 6.12 and newer,
/// sched_setattr(2); needs no privilege, and its share of the CPU stays the same). 0.1 to 100 ms.
/// False: this kernel does not know it, which changes nothing.
bool RequestSlice(uint64_t slice_us);

}  // namespace tailrace
