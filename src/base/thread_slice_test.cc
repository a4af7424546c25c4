#include "base/thread_slice.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <thread>

namespace tailrace {
namespace {

TEST(RequestSlice, LeavesPolicyAndPriorityAlone) {
  const int policy = sched_getscheduler(0);
  const int nice = getpriority(PRIO_PROCESS, 0);
  std::thread([&] {
    RequestSlice(300);  // false on some kernels
    EXPECT_EQ(sched_getscheduler(0), policy);
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), nice);  // of this thread (setpriority(2))
  }).join();
}

}  // namespace
}  // namespace tailrace
