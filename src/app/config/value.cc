#include "app/config/value.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace tailrace {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<Unit, 6> kDurationUnits = {{{"w", 604'800'000},
                                                 {"d", 86'400'000},
                                                 {"h", 3'600'000},
                                                 {"m", 60'000},
                                                 {"s", 1'000},
                                                 {"ms", 1}}};

constexpr std::array<Unit, 9> kByteUnits = {{{"TiB", 1ULL << 40},
                                             {"GiB", 1ULL << 30},
                                             {"MiB", 1ULL << 20},
                                             {"KiB", 1ULL << 10},
                                             {"TB", 1'000'000'000'000},
                                             {"GB", 1'000'000'000},
                                             {"MB", 1'000'000},
                                             {"kB", 1'000},
                                             {"B", 1}}};

// A whole number and what stands behind it.
std::pair<std::string_view, std::string_view> SplitNumber(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  std::string_view unit = text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  return {text.substr(0, digits), unit};
}

template <size_t N>
Result<uint64_t> ParseWithUnit(std::string_view text, const std::array<Unit, N>& units,
                               std::string_view allowed) {
  const auto [digits, unit_name] = SplitNumber(text);
  const auto number = ParseDecimal(digits);
  if (number) {
    for (const Unit& unit : units) {
      uint64_t value = 0;
      if (unit.name != unit_name || __builtin_mul_overflow(*number, unit.factor, &value)) continue;
      return value;
    }
  }
  return Fail(ErrorCode::kInvalid, "must be " + std::string(allowed));
}

template <size_t N>
std::string FormatWithUnit(uint64_t value, const std::array<Unit, N>& units) {
  for (const Unit& unit : units) {
    if (value >= unit.factor && value % unit.factor == 0) {
      return std::to_string(value / unit.factor).append(unit.name);
    }
  }
  return std::to_string(value).append(units.back().name);
}

}  // namespace

Result<uint64_t> ParseDurationMs(std::string_view text) {
  if (text == "0") return 0;
  return ParseWithUnit(text, kDurationUnits,
                       "a duration: a whole number with ms, s, m, h, d or w, as in 10s");
}

Result<uint64_t> ParseBytes(std::string_view text) {
  if (const auto plain = ParseDecimal(text)) return *plain;
  return ParseWithUnit(text, kByteUnits,
                       "a size: a whole number with B, KiB, MiB, GiB, TiB, kB, MB, GB or TB, as in "
                       "1MiB");
}

Result<bool> ParseBool(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  return Fail(ErrorCode::kInvalid, "must be true or false");
}

std::string FormatDurationMs(uint64_t duration_ms) {
  return FormatWithUnit(duration_ms, kDurationUnits);
}

std::string FormatBytes(uint64_t bytes) {
  if (bytes == 0) return "0B";
  // A size is better read as 1500B than as the decimal kB that happens to divide it.
  static constexpr std::array<Unit, 5> kBinary = {
      {kByteUnits[0], kByteUnits[1], kByteUnits[2], kByteUnits[3], kByteUnits[8]}};
  return FormatWithUnit(bytes, kBinary);
}

}  // namespace tailrace
