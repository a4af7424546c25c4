#include "source/recorder.h"

namespace tailrace {
namespace {

constexpr size_t kRunBytes = 256 << 10;

}  // namespace

Recorder::Recorder(Spool& spool, Say say, std::function<bool()> stop_waiting)
    : spool_(spool), say_(std::move(say)), stop_waiting_(std::move(stop_waiting)) {}

void Recorder::Add(std::string_view stream, const Line& line) {
  Entry entry{.time = line.time, .text = line.text, .stream = stream, .partial = line.partial};
  if (run_.Empty() && lost_ > 0) {
    entry.lost = lost_;
    run_lost_ = lost_;
    lost_ = 0;
  }
  run_.Add(entry);
  if (run_.encoded.size() >= kRunBytes) Flush();
}

bool Recorder::Put() {
  while (!spool_.Append(run_.encoded, run_.count)) {
    if (!stop_waiting_ || stop_waiting_()) return false;
    spool_.WaitForRoom();
  }
  return true;
}

void Recorder::Flush() {
  if (run_.Empty()) return;
  if (!Put()) {
    if (lost_total_ == 0) {
      say_("lines are being lost: " + spool_.Problem() + "; the log will say how many");
    }
    lost_ += run_.count + run_lost_;
    lost_total_ += run_.count;
  }
  run_ = EntryRun{};
  run_lost_ = 0;
}

void Recorder::Finish(std::optional<Outcome> outcome, TimeNs now) {
  Flush();
  if (lost_ > 0) {
    const std::string text = "the last " + std::to_string(lost_) +
                             " lines were lost before they reached the log: " + spool_.Problem();
    std::string encoded;
    EncodeEntry(encoded, Entry{.time = now, .text = text, .stream = "event", .lost = lost_});
    if (!spool_.AppendLastWord(encoded, 1) && outcome) {
      outcome->reason += (outcome->reason.empty() ? "" : "; ") + text;
    }
  }
  spool_.Finish(std::move(outcome));
}

}  // namespace tailrace
