// The program's allocator is jemalloc (docs/adr/0020): linking it is all that takes.

/// jemalloc reads its options here. A thread of its own gives pages back that nobody has used for
/// seconds; otherwise only a thread that allocates does, and an idle server would keep them.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true";
