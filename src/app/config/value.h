// Values as people write them: durations and sizes with units, counts, switches.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tailrace {

/// "250ms", "10s", "5m", "2h", "30d", "1w"; a unit is needed except for 0. In milliseconds.
/// kInvalid: the message says what is allowed, without the name of the setting (the caller has it).
Result<uint64_t> ParseDurationMs(std::string_view text);

/// "512", "64KiB", "1MiB", "2GiB", "1TiB" (1024s), "10kB", "1MB", "1GB", "1TB" (1000s). In bytes.
Result<uint64_t> ParseBytes(std::string_view text);

/// "true", "yes", "on", "1" and their opposites.
Result<bool> ParseBool(std::string_view text);

/// The shortest form that the parsers above read back as the same value.
std::string FormatDurationMs(uint64_t duration_ms);
std::string FormatBytes(uint64_t bytes);

}  // namespace tailrace
