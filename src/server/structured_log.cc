#include "server/structured_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/time.h"

namespace tailrace {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warn", "error", "audit"};

bool json_format = false;           // set before threads start
LogLevel lowest = LogLevel::kInfo;  // likewise

bool IsPlainValue(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

void AppendPair(std::string& line, std::string_view name, std::string_view value, bool quote) {
  if (!line.empty()) line.append(json_format ? "," : " ");
  if (json_format) {
    AppendJsonString(line, name);
    line.push_back(':');
  } else {
    line.append(name).push_back('=');
  }
  if (quote && (json_format || !IsPlainValue(value))) {
    AppendJsonString(line, value);
  } else {
    line.append(value);
  }
}

}  // namespace

Result<void> SetUpLog(std::string_view format, std::string_view level) {
  const auto found = std::ranges::find(kLevelNames, level);
  if (found == kLevelNames.end() || *found == "audit") {
    return FailField(ErrorCode::kInvalid, "log_level",
                     "log_level: must be debug, info, warn or error");
  }
  if (format != "logfmt" && format != "json") {
    return FailField(ErrorCode::kInvalid, "log_format", "log_format: must be logfmt or json");
  }
  lowest = static_cast<LogLevel>(found - kLevelNames.begin());
  json_format = format == "json";
  auto logger = std::make_shared<spdlog::logger>("tailrace",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

LogLine::LogLine(LogLevel level, std::string_view message) : level_(level), on_(level >= lowest) {
  if (!on_) return;
  Add("time", FormatRfc3339(Clock::System().Now()));
  Add("level", kLevelNames[static_cast<size_t>(level_)]);
  Add("msg", message);
}

LogLine::~LogLine() {
  if (!on_) return;
  if (json_format) line_ = "{" + line_ + "}";
  spdlog::default_logger_raw()->log(spdlog::level::info, spdlog::string_view_t(line_));
}

LogLine& LogLine::Add(std::string_view name, std::string_view value) {
  if (on_) AppendPair(line_, name, value, true);
  return *this;
}

LogLine& LogLine::Add(std::string_view name, uint64_t value) {
  if (on_) AppendPair(line_, name, std::to_string(value), false);
  return *this;
}

}  // namespace tailrace
