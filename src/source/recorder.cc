#include "source/recorder.h"

namespace tailrace {
namespace {

constexpr size_t kRunBytes = 256 << 10;

}  // namespace

void Recorder::Add(std::string_view stream, const Line& line) {
  EncodeEntry(
      run_.encoded,
      Entry{.time = line.time, .text = line.text, .stream = stream, .partial = line.partial});
  ++run_.count;
  ++lines_;
  if (run_.encoded.size() >= kRunBytes) Flush();
}

void Recorder::Flush() {
  if (run_.count == 0) return;
  run_.lost_before = lost_;
  if (target_.Take(run_)) {
    lost_ = 0;
  } else {
    lost_ += run_.count;
  }
  run_.encoded.clear();
  run_.count = 0;
}

void Recorder::Finish(std::optional<Outcome> outcome, TimeNs now) {
  Flush();
  target_.Finish(std::move(outcome), lost_, now);
}

}  // namespace tailrace
