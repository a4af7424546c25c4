// Time: nanoseconds since the Unix epoch (UTC) and RFC 3339, and the clock that tests replace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace {

/// Nanoseconds since 1970-01-01T00:00:00Z; covers the years 1678 to 2261.
using TimeNs = int64_t;

/// Wall clock, injected wherever time is stored or compared with stored time.
class Clock {
 public:
  virtual ~Clock() = default;
  /// May go back; nothing may rely on its order. Any thread.
  virtual TimeNs Now() const = 0;
  /// The machine's clock; lives for ever.
  static const Clock& System();
};

/// CPU time of the calling thread, for counters of what something costs.
uint64_t ThreadCpuNs();

/// "2026-11-23T06:33:00.123456789Z", RFC 3339 §5.6 in UTC, always nine digits.
void AppendRfc3339(std::string& out, TimeNs time);
std::string FormatRfc3339(TimeNs time);

/// Any RFC 3339 date-time: 'T', 't' or blank, up to nine digits of fraction (more are cut off),
/// 'Z' or an offset, a leap second counts as the next second. Nothing: not one, or out of range.
std::optional<TimeNs> ParseRfc3339(std::string_view text);

}  // namespace tailrace
