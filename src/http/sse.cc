#include "http/sse.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr std::string_view kSymbolForNull = "\xE2\x90\x80";  // U+2400
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";    // U+FFFD

// Sixteen bytes that are looked at together, by the instructions that the processor has for it.
using Bytes16 = unsigned char __attribute__((vector_size(16)));
using Words2 = uint64_t __attribute__((vector_size(16)));

// Whether one of 16 bytes is CR, LF, NUL or not ASCII.
bool HasSpecial(const char* at) {
  Bytes16 bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  const auto special = (bytes == '\n') | (bytes == '\r') | (bytes == 0) | (bytes >= 0x80);
  const auto words = reinterpret_cast<Words2>(special);
  return (words[0] | words[1]) != 0;
}

// The first byte from `at` on that is CR, LF, NUL or not ASCII; or the end.
size_t FindSpecial(std::string_view text, size_t at) {
  // Sequences that are not ASCII come in runs.
  if (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) return at;
  while (text.size() - at >= sizeof(Bytes16) && !HasSpecial(text.data() + at)) {
    at += sizeof(Bytes16);
  }
  // The rest together with what was looked at before it.
  const size_t last = text.size() - std::min(text.size(), sizeof(Bytes16));
  if (at > last && last > 0 && !HasSpecial(text.data() + last)) return text.size();
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

void AppendSseEvent(std::string& out, std::string_view name) {
  AppendField(out, "event: ", name);
}

void AppendSseRetry(std::string& out, uint64_t retry_ms) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, retry_ms);
  AppendField(out, "retry: ", {digits, static_cast<size_t>(end - digits)});
}

}  // namespace tailrace
