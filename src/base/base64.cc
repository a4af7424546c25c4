#include "base/base64.h"

#include <array>
#include <cstdint>

namespace tailrace {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNone = 0xFF;

constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNone);
  for (uint8_t i = 0; i < 64; ++i) values[static_cast<uint8_t>(kAlphabet[i])] = i;
  return values;
}();

uint32_t Byte(std::string_view bytes, size_t i) {
  return static_cast<uint8_t>(bytes[i]);
}

uint32_t Value(char c) {
  return kValues[static_cast<uint8_t>(c)];
}

}  // namespace

void AppendBase64(std::string& out, std::string_view bytes) {
  const size_t at = out.size();
  out.resize(at + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + at;
  const auto put = [&to](uint32_t group, int characters) {
    for (int i = 0; i < 4; ++i) {
      *to++ = i < characters ? kAlphabet[(group >> (18 - 6 * i)) & 63] : '=';
    }
  };
  for (; bytes.size() >= 3; bytes.remove_prefix(3)) {
    put(Byte(bytes, 0) << 16 | Byte(bytes, 1) << 8 | Byte(bytes, 2), 4);
  }
  if (bytes.size() == 1) put(Byte(bytes, 0) << 16, 2);
  if (bytes.size() == 2) put(Byte(bytes, 0) << 16 | Byte(bytes, 1) << 8, 3);
}

bool DecodeBase64(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  out.reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0;
  size_t in_group = 0;
  for (const char c : text) {
    const uint32_t value = Value(c);
    if (value == kNone) return false;
    bits = bits << 6 | value;
    if (++in_group < 4) continue;
    out.push_back(static_cast<char>(bits >> 16));
    out.push_back(static_cast<char>(bits >> 8));
    out.push_back(static_cast<char>(bits));
    in_group = 0;
    bits = 0;
  }
  if (in_group == 0) return padding == 0;
  // Two characters hold one byte and 4 bits, three hold two bytes and 2 bits.
  const size_t spare = in_group == 2 ? 4 : 2;
  if (in_group == 3) out.push_back(static_cast<char>(bits >> 10));
  out.push_back(static_cast<char>(bits >> spare));
  return (bits & ((1u << spare) - 1)) == 0;
}

}  // namespace tailrace
