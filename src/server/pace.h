// Pace: whether bytes come, or go, fast enough: never silent for too long, and no slower than a
// least rate on the whole.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tailrace {

/// A client that gives or takes a byte now and then is never silent; the rate is what ends it.
class Pace {
 public:
  /// What was before does not count any more.
  void Begin(uint64_t now_ms) {
    began_ms_ = now_ms;
    bytes_ = 0;
  }
  void Add(uint64_t bytes) { bytes_ += bytes; }

  /// How long the next byte may take from `now_ms` on. The first `silence_ms` cost nothing, after
  /// that each byte buys its share of a second. `least_rate_bytes`: a second; 0: any rate will do.
  uint64_t AllowanceMs(uint64_t now_ms, uint64_t silence_ms, uint64_t least_rate_bytes) const {
    if (least_rate_bytes == 0) return silence_ms;
    const uint64_t until_ms = began_ms_ + silence_ms + bytes_ * 1000 / least_rate_bytes;
    return std::min(silence_ms, until_ms > now_ms ? until_ms - now_ms : 0);
  }

 private:
  uint64_t began_ms_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace tailrace
