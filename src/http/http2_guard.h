// Http2Guard: how much of what costs us something and asks for nothing one connection may send.
#pragma once

#include <cstdint>

namespace tailrace {

/// What a connection was ended for.
enum class Http2Abuse : uint8_t {
  kNone,
  kResets,         ///< Streams begun and reset, by the client or by its errors (CVE-2023-44487).
  kControlFrames,  ///< PING, SETTINGS, PRIORITY, WINDOW_UPDATE, DATA without data, …
  kContinuations,  ///< A head in too many frames (CVE-2024-28182).
  kUnread,         ///< Answers to its frames that it does not read.
  kSlowHead,       ///< A head, or the first SETTINGS, that did not come within the time limit.
};
inline constexpr int kHttp2Abuses = 6;
/// "resets", …: for a metric's label.
const char* Http2AbuseName(Http2Abuse abuse);

/// A bucket of `burst` tokens that fills up within kRefillMs.
class Http2Guard {
 public:
  static constexpr uint64_t kRefillMs = 30'000;

  explicit Http2Guard(uint64_t burst) : burst_(burst), tokens_(burst) {}

  /// `now_ms` never goes back. False: there was none left.
  bool Take(uint64_t now_ms, uint64_t tokens = 1);
  /// What we send may rightly cause such frames.
  void Give(uint64_t tokens);

 private:
  uint64_t burst_;
  uint64_t tokens_;
  uint64_t filled_ms_ = 0;
};

}  // namespace tailrace
