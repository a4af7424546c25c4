// The server's own log: one line an event, logfmt or JSON, on stderr.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tailrace {

/// kAudit is written whatever the level: who logged in, what was deleted, what changed in access.
enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError, kAudit };

/// Once, before threads start. `format`: "logfmt" or "json"; `level`: "debug", "info", "warn",
/// "error". kInvalid names the one that is wrong.
Result<void> SetUpLog(std::string_view format, std::string_view level);

/// One line, written when it is destroyed; costs nothing if its level is off. Any thread.
///   LogLine(LogLevel::kInfo, "listening").Add("address", text).Add("workers", 2);
class LogLine {
 public:
  LogLine(LogLevel level, std::string_view message);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;

  bool On() const { return on_; }
  LogLine& Add(std::string_view name, std::string_view value);
  LogLine& Add(std::string_view name, uint64_t value);

 private:
  std::string line_;
  LogLevel level_;
  bool on_;
};

}  // namespace tailrace
