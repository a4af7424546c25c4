#include "source/spool_feeder.h"

#include <utility>

#include "base/check.h"

namespace tailrace {
namespace {

// The run with `lost` lines said at its first entry.
std::string WithLost(const std::string& encoded, uint64_t lost) {
  EntryReader reader(encoded);
  Entry first;
  CHECK(reader.Next(first));
  first.lost = lost;
  std::string out;
  EncodeEntry(out, first);
  return out.append(reader.Rest());
}

}  // namespace

SpoolFeeder::SpoolFeeder(Spool& spool, Say say, std::function<bool()> stop_waiting)
    : spool_(spool), say_(std::move(say)), stop_waiting_(std::move(stop_waiting)) {}

bool SpoolFeeder::Put(const std::string& encoded, uint64_t count) {
  while (!spool_.Append(encoded, count)) {
    if (!stop_waiting_ || stop_waiting_()) return false;
    spool_.WaitForRoom();
  }
  return true;
}

bool SpoolFeeder::Take(RecordedRun& run) {
  lost_ += run.lost_before;
  // Asked first, because saying the loss costs a copy.
  const bool refused = lost_ > 0 && !stop_waiting_ && spool_.Full();
  if (!refused && Put(lost_ > 0 ? WithLost(run.encoded, lost_) : run.encoded, run.count)) {
    lost_ = 0;
  } else {
    lost_ += run.count;
    if (!std::exchange(loss_said_, true)) {
      say_.warn("lines are being lost: " + spool_.Problem() + "; the log will say how many");
    }
  }
  run.encoded.clear();
  return true;
}

void SpoolFeeder::Finish(std::optional<Outcome> outcome, uint64_t lost, TimeNs now) {
  lost_ += lost;
  if (lost_ > 0) {
    const std::string problem = spool_.Problem();
    const std::string text = "the last " + std::to_string(lost_) +
                             " lines were lost before they reached the log" +
                             (problem.empty() ? "" : ": " + problem);
    std::string encoded;
    EncodeEntry(encoded, Entry{.time = now, .text = text, .stream = "event", .lost = lost_});
    if (!spool_.AppendLastWord(encoded, 1) && outcome) {
      outcome->reason += (outcome->reason.empty() ? "" : "; ") + text;
    }
  }
  spool_.Finish(std::move(outcome));
}

}  // namespace tailrace
