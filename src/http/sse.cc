#include "http/sse.h"

#include <charconv>
#include <cstring>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr std::string_view kSymbolForNull = "\xE2\x90\x80";  // U+2400
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";    // U+FFFD

constexpr uint64_t Repeat(uint8_t byte) {
  return 0x0101010101010101u * byte;
}

// High bit set in some byte if a byte of `word` is zero; never if none is.
constexpr uint64_t HasZero(uint64_t word) {
  return (word - Repeat(1)) & ~word & Repeat(0x80);
}

// Whether one of 8 bytes is CR, LF, NUL or not ASCII.
constexpr bool HasSpecial(uint64_t word) {
  return ((word & Repeat(0x80)) | HasZero(word) | HasZero(word ^ Repeat('\n')) |
          HasZero(word ^ Repeat('\r'))) != 0;
}

// The first byte from `at` on that is CR, LF, NUL or not ASCII; or the end.
size_t FindSpecial(std::string_view text, size_t at) {
  // Sequences that are not ASCII come in runs.
  if (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) return at;
  while (text.size() - at >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if (HasSpecial(word)) break;
    at += 8;
  }
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80 || byte == '\n' || byte == '\r' || byte == 0) break;
    ++at;
  }
  return at;
}

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Length of the well-formed sequence at `at`, which is not ASCII; 0: ill-formed. The common leads
// are decided here: logs in other scripts consist of them.
size_t SequenceLength(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t left = text.size() - at;
  if (lead >= 0xC2 && lead <= 0xDF && left >= 2) return IsContinuation(text[at + 1]) ? 2 : 0;
  const bool any_second = lead >= 0xE1 && lead <= 0xEF && lead != 0xED;
  if (any_second && left >= 3) {
    return IsContinuation(text[at + 1]) && IsContinuation(text[at + 2]) ? 3 : 0;
  }
  return ValidUtf8Length(text.substr(at));
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(value);
  out.push_back('\n');
}

}  // namespace

void AppendSseData(std::string& out, std::string_view text) {
  out.append("data: ");
  size_t clean = 0;  // where the run that is copied as it is begins
  size_t at = 0;
  while ((at = FindSpecial(text, at)) < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80) {
      if (const size_t length = SequenceLength(text, at); length > 0) {
        at += length;
        continue;
      }
      out.append(text, clean, at - clean).append(kReplacement);
      at += IllFormedUtf8Length(text.substr(at));
    } else {
      out.append(text, clean, at - clean);
      ++at;
      if (byte == 0) {
        out.append(kSymbolForNull);
      } else {
        out.append("\ndata: ");
        if (byte == '\r' && at < text.size() && text[at] == '\n') ++at;
      }
    }
    clean = at;
  }
  out.append(text, clean);
  out.push_back('\n');
}

void AppendSseDataLine(std::string& out, std::string_view line) {
  AppendField(out, "data: ", line);
}

void AppendSseId(std::string& out, std::string_view id) {
  AppendField(out, "id: ", id);
}

void AppendSseEvent(std::string& out, std::string_view name) {
  AppendField(out, "event: ", name);
}

void AppendSseRetry(std::string& out, uint64_t retry_ms) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, retry_ms);
  AppendField(out, "retry: ", {digits, static_cast<size_t>(end - digits)});
}

void AppendSseComment(std::string& out, std::string_view text) {
  AppendField(out, text.empty() ? ":" : ": ", text);
}

}  // namespace tailrace
