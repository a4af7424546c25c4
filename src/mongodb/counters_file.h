// libmongoc's counters in shared memory.
#pragma once

namespace tailrace {

/// As soon as libmongoc is loaded it makes a file in /dev/shm for its tool mongoc-stat, which stays
/// there when the process is killed. Takes its name away; the first thing that `main` does, since
/// all verbs load the library.
void RemoveCountersFile();

}  // namespace tailrace
