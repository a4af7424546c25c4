#include "store/mongodb/persistence.h"

#include <algorithm>

namespace tailrace::mongo {
namespace {

constexpr auto kFirstRest = std::chrono::milliseconds(20);
constexpr uint64_t kDoublings = 5;  // to 640 ms

}  // namespace

void Persistence::Close(std::chrono::milliseconds grace) {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    deadline_ = std::chrono::steady_clock::now() + grace;
  }
  closing_changed_.notify_all();
}

bool Persistence::Closing() const {
  const std::lock_guard lock(mutex_);
  return closing_;
}

bool Persistence::Rest(const std::string& why) {
  std::unique_lock lock(mutex_);
  trouble_ = why;
  ++failures_;
  const auto time = kFirstRest * (1 << std::min(in_a_row_++, kDoublings));
  const auto until = std::chrono::steady_clock::now() + time;
  // Once more at once when closing begins, and then as before until the deadline.
  const bool was_closing = closing_;
  closing_changed_.wait_until(lock, until, [&] { return closing_ && !was_closing; });
  return !closing_ || std::chrono::steady_clock::now() < deadline_;
}

void Persistence::Sleep(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  closing_changed_.wait_for(lock, time, [this] { return closing_; });
}

void Persistence::Succeeded() {
  const std::lock_guard lock(mutex_);
  trouble_.clear();
  in_a_row_ = 0;
}

std::string Persistence::Trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

uint64_t Persistence::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

}  // namespace tailrace::mongo
