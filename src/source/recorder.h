// Recorder: turns lines into runs of encoded entries for a spool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "log/entry.h"
#include "log/log_info.h"
#include "source/line_assembler.h"

namespace tailrace {

/// A run of entries on its way to a spool.
struct RecordedRun {
  std::string encoded;
  uint64_t count = 0;
  uint64_t lost_before = 0;  ///< Lines lost between the run before it and this one.
};

/// Where a recorder's runs go.
class RunTarget {
 public:
  virtual ~RunTarget() = default;
  /// Takes the run and leaves an empty string, with memory for the next one if it has some.
  /// False: it can't take it now; the run is as it was.
  virtual bool Take(RecordedRun& run) = 0;
  /// Nothing comes any more. `lost`: lines lost behind the last run. `outcome`: how to end the log,
  /// if at all.
  virtual void Finish(std::optional<Outcome> outcome, uint64_t lost, TimeNs now) = 0;
};

/// One thread.
class Recorder {
 public:
  /// `target` must outlive this object.
  explicit Recorder(RunTarget& target) : target_(target) {}

  void Add(std::string_view stream, const Line& line);
  /// Hands on what was added; at the end of each turn. What the target does not take is lost, and
  /// the next run that it takes says so.
  void Flush();
  void Finish(std::optional<Outcome> outcome, TimeNs now);

  /// Lines that were added.
  uint64_t Lines() const { return lines_; }

 private:
  RunTarget& target_;
  RecordedRun run_;
  uint64_t lost_ = 0;  ///< Not said yet.
  uint64_t lines_ = 0;
};

}  // namespace tailrace
