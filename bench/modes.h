// What a load generator can do. Each function prints one JSON object on a line.
#pragma once

#include "bench/options.h"

namespace tailrace::bench {

/// One entry, wait until all viewers have it, the next one.
void RunOneAtATime(const Options& options);
/// Entries at a steady rate; how long after it was due did each viewer get each entry?
void RunPaced(const Options& options);
/// Producers as fast as they are answered, as long as viewers are not further behind than the
/// window.
void RunFirehose(const Options& options);
/// Memory of the server before and after viewers come that do nothing.
void RunIdle(const Options& options);
/// One viewer that reads an answer to its end.
void RunReplay(const Options& options);
/// Producers, each with a log of its own, send bodies as fast as they are answered.
void RunIngest(const Options& options);
/// One producer that goes on until `expect` entries are stored.
void RunFill(const Options& options);
/// The limit of RunIngest: batches of the same size appended to a file, each with fdatasync.
void RunAppend(const Options& options);
/// Its rival: the same lines into 1,000 logs in SQLite, one transaction for each batch.
void RunSqlite(const Options& options);

}  // namespace tailrace::bench
