// LineSink: where the followers of a rollout put what its containers print.
#pragma once

#include "log/entry.h"

namespace tailrace {

/// One thread: that of the followers. A log in a store (LogWriter), or a terminal.
class LineSink {
 public:
  virtual ~LineSink() = default;
  /// Never refuses; `run` is copied.
  virtual void Take(const EntryRun& run) = 0;
  /// At the end of each callback that gave something.
  virtual void Flush() = 0;
  /// Too much waits here. Followers then end their streams and go on, from the kubelet's file, once
  /// this is false again.
  virtual bool Full() const { return false; }

  void Add(const Entry& entry) {
    EntryRun run;
    run.Add(entry);
    Take(run);
  }
};

}  // namespace tailrace
