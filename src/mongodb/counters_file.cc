#include "mongodb/counters_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace tailrace {

void RemoveCountersFile() {
  // There is none if MONGOC_DISABLE_SHM is set.
  static_cast<void>(shm_unlink(("/mongoc-" + std::to_string(getpid())).c_str()));
}

}  // namespace tailrace
