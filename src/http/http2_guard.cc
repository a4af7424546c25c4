#include "http/http2_guard.h"

#include <algorithm>

namespace tailrace {

const char* Http2AbuseName(Http2Abuse abuse) {
  static constexpr const char* kNames[kHttp2Abuses] = {"none",          "resets", "control_frames",
                                                       "continuations", "unread", "slow_head"};
  return kNames[static_cast<size_t>(abuse)];
}

bool Http2Guard::Take(uint64_t now_ms, uint64_t tokens) {
  // In whole tokens, so that a rest of time is not lost.
  const uint64_t passed_ms = std::min(now_ms - filled_ms_, kRefillMs);
  const uint64_t fresh = passed_ms * burst_ / kRefillMs;
  if (fresh > 0) {
    Give(fresh);
    filled_ms_ = now_ms;
  }
  if (tokens_ < tokens) return false;
  tokens_ -= tokens;
  return true;
}

void Http2Guard::Give(uint64_t tokens) {
  tokens_ = std::min(burst_, tokens_ + tokens);
}

}  // namespace tailrace
