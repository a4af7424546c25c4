// Recorder: puts lines into a spool and keeps account of those that it would not take.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "source/line_assembler.h"
#include "source/spool.h"

namespace tailrace {

/// One thread: the spool's writer. Lines that are lost are said in the log (the next entry has
/// `lost`) and once to people when it begins.
class Recorder {
 public:
  using Say = std::function<void(const std::string&)>;

  /// `stop_waiting` set: instead of losing lines to a full spool, waits until it takes them or this
  /// says true (asked a few times a second).
  Recorder(Spool& spool, Say say, std::function<bool()> stop_waiting = {});

  void Add(std::string_view stream, const Line& line);
  /// Hands on what was added; at the end of each turn.
  void Flush();
  /// Nothing comes any more. `outcome`: how to end the log, if at all.
  void Finish(std::optional<Outcome> outcome, TimeNs now);

  uint64_t LostTotal() const { return lost_total_; }

 private:
  bool Put();

  Spool& spool_;
  const Say say_;
  const std::function<bool()> stop_waiting_;
  EntryRun run_;
  uint64_t run_lost_ = 0;  ///< What the run's first entry says.
  uint64_t lost_ = 0;      ///< Not said yet.
  uint64_t lost_total_ = 0;
};

}  // namespace tailrace
