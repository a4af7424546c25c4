#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

namespace tailrace {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct LeadByte {
  uint8_t length;      // of the whole sequence, 0: cannot start one
  uint8_t second_min;  // bounds of the second byte
  uint8_t second_max;
};

constexpr LeadByte ClassifyLead(uint8_t lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xC2) return {0, 0, 0};
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// How many bytes at the front fit the pattern of their lead byte; the sequence is whole if that
// equals the lead's length.
size_t MatchingPrefix(std::string_view text, const LeadByte& lead) {
  if (lead.length == 0) return 0;
  size_t matched = 1;
  while (matched < lead.length && matched < text.size()) {
    const auto byte = static_cast<uint8_t>(text[matched]);
    const uint8_t min = matched == 1 ? lead.second_min : 0x80;
    const uint8_t max = matched == 1 ? lead.second_max : 0xBF;
    if (byte < min || byte > max) break;
    ++matched;
  }
  return matched;
}

// 0: stays as it is; 'u': \u00XX; 1: non-ASCII, look at the sequence; else the letter after '\'.
constexpr std::array<char, 256> kJsonEscape = [] {
  std::array<char, 256> table{};
  for (int i = 0; i < 0x20; ++i) table[i] = 'u';
  for (int i = 0x80; i < 0x100; ++i) table[i] = 1;
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table[0x7f] = 'u';
  return table;
}();

size_t PlainJsonRun(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && kJsonEscape[static_cast<uint8_t>(text[i])] == 0) ++i;
  return i;
}

// Appends the well-formed sequence at the front, or U+FFFD; returns the bytes consumed.
size_t AppendSequence(std::string& out, std::string_view text) {
  if (const size_t length = ValidUtf8Length(text); length > 0) {
    out.append(text.substr(0, length));
    return length;
  }
  out.append(kReplacement);
  return IllFormedUtf8Length(text);
}

}  // namespace

size_t ValidUtf8Length(std::string_view text) {
  const LeadByte lead = ClassifyLead(static_cast<uint8_t>(text.front()));
  return lead.length > 0 && MatchingPrefix(text, lead) == lead.length ? lead.length : 0;
}

bool IsValidUtf8(std::string_view text) {
  constexpr uint64_t kNonAscii = 0x8080808080808080;
  while (!text.empty()) {
    uint64_t word = 0;
    if (text.size() >= sizeof word) {
      std::memcpy(&word, text.data(), sizeof word);
      if ((word & kNonAscii) == 0) {
        text.remove_prefix(sizeof word);
        continue;
      }
    }
    const size_t length = ValidUtf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t IllFormedUtf8Length(std::string_view text) {
  const LeadByte lead = ClassifyLead(static_cast<uint8_t>(text.front()));
  return std::max<size_t>(1, MatchingPrefix(text, lead));
}

void AppendValidUtf8(std::string& out, std::string_view text) {
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && static_cast<uint8_t>(text[plain]) < 0x80) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (!text.empty()) text.remove_prefix(AppendSequence(out, text));
  }
}

void AppendJsonString(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  while (!text.empty()) {
    const size_t plain = PlainJsonRun(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<uint8_t>(text.front());
    const char escape = kJsonEscape[byte];
    if (escape == 1) {
      text.remove_prefix(AppendSequence(out, text));
      continue;
    }
    out.push_back('\\');
    out.push_back(escape);
    if (escape == 'u') {
      out.append("00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
    text.remove_prefix(1);
  }
  out.push_back('"');
}

void AppendDecimal(std::string& out, uint64_t value) {
  std::array<char, 20> digits;  // of UINT64_MAX
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

std::optional<uint64_t> ParseDecimal(std::string_view text) {
  uint64_t value = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace tailrace
