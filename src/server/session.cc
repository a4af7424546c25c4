#include "server/session.h"

#include <algorithm>

#include "server/worker.h"

namespace tailrace {
namespace {

// What was armed stands in the worker's heap until it comes, also for a session that is gone.
constexpr uint64_t kLongestArmMs = 60'000;

}  // namespace

void Session::Arm(Worker& worker, uint64_t delay_ms) {
  const uint64_t now_ms = worker.loop().NowMs();
  deadline_ms_ = now_ms + delay_ms;
  if (armed_ms_ != 0 && armed_ms_ <= deadline_ms_) return;
  armed_ms_ = std::min(deadline_ms_, now_ms + kLongestArmMs);
  worker.AddDeadline(armed_ms_, id_);
}

void Session::OnDeadlineDue(Worker& worker, uint64_t due_ms) {
  if (due_ms != armed_ms_) return;  // replaced by an earlier one
  armed_ms_ = 0;
  const uint64_t now_ms = worker.loop().NowMs();
  if (deadline_ms_ > now_ms) {
    Arm(worker, deadline_ms_ - now_ms);
  } else {
    OnDeadline();
  }
}

}  // namespace tailrace
