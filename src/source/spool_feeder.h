// SpoolFeeder: puts runs into a spool, and says in the log what did not fit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "source/recorder.h"
#include "source/say.h"
#include "source/spool.h"

namespace tailrace {

/// One thread: the spool's writer. Lines that are lost are said in the log (the next entry has
/// `lost`) and once to people when it begins.
class SpoolFeeder final : public RunTarget {
 public:
  /// `stop_waiting` set: instead of losing lines to a full spool, waits until it takes them or this
  /// says true (asked a few times a second). `spool` must outlive this object.
  SpoolFeeder(Spool& spool, Say say, std::function<bool()> stop_waiting = {});

  /// Always true: what does not fit is lost here.
  bool Take(RecordedRun& run) override;
  void Finish(std::optional<Outcome> outcome, uint64_t lost, TimeNs now) override;

 private:
  bool Put(const std::string& encoded, uint64_t count);

  Spool& spool_;
  const Say say_;
  const std::function<bool()> stop_waiting_;
  uint64_t lost_ = 0;  ///< Not said yet.
  bool loss_said_ = false;
};

}  // namespace tailrace
