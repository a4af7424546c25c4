// What tailrace-load can do. Each function prints one JSON object on a line. Figures a CPU second
// are the server's; without --pid they are left out.
#pragma once

#include "bench/load/options.h"

namespace tailrace::bench {

/// One entry, wait until all viewers have it, the next one.
void RunOneAtATime(const Options& options);
/// Entries at a steady rate; how long after it was due did each viewer get each entry?
void RunPaced(const Options& options);
/// Producers as fast as they are answered, as long as viewers are not further behind than the
/// window.
void RunFirehose(const Options& options);
/// Many logs: a line to one after the other; viewers are spread over them by Zipf's law.
void RunSpread(const Options& options);
/// Memory of the server before and after viewers come that do nothing.
void RunIdle(const Options& options);
/// Viewers that stay and read; says when they are all there.
void RunHold(const Options& options);
/// Viewers that all come within a given time.
void RunStorm(const Options& options);
/// Viewers that read an answer to its end, all at once.
void RunReplay(const Options& options);
/// Producers, each with a log of its own, send bodies as fast as they are answered.
void RunIngest(const Options& options);
/// One chunked body that goes on, as fast as the server takes it.
void RunUpload(const Options& options);
/// Appends at a steady rate; how long does each take?
void RunAppends(const Options& options);
/// One producer that goes on until `expect` entries are stored.
void RunFill(const Options& options);
/// Creates empty logs.
void RunCreate(const Options& options);

}  // namespace tailrace::bench
