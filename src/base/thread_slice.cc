#include "base/thread_slice.h"

#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tailrace {

// Everything else of the thread's attributes stays: they are read first.
bool RequestSlice(uint64_t slice_us) {
  sched_attr attributes{};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return false;
  attributes.sched_runtime = slice_us * 1'000;
  return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

}  // namespace tailrace
