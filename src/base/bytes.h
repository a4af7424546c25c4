// Integers to and from bytes: LEB128 varints, and big-endian fixed 64 (which sorts as the number).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tailrace {

inline void AppendVarint(std::string& out, uint64_t value) {
  if (value < 0x80) return out.push_back(static_cast<char>(value));
  char bytes[10];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, size);
}

/// Takes a varint off the front of `in`. False: `in` ends inside it or it exceeds 64 bits; then
/// `in` is unspecified.
[[nodiscard]] inline bool TakeVarint(std::string_view& in, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

inline void AppendBigEndian64(std::string& out, uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

/// Takes 8 bytes off the front of `in`. False: `in` is shorter and unchanged.
[[nodiscard]] inline bool TakeBigEndian64(std::string_view& in, uint64_t& value) {
  if (in.size() < 8) return false;
  std::memcpy(&value, in.data(), sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  in.remove_prefix(sizeof value);
  return true;
}

/// A varint length and then the bytes.
inline void AppendSized(std::string& out, std::string_view bytes) {
  AppendVarint(out, bytes.size());
  out.append(bytes);
}

/// The counterpart of AppendSized. The view points into `in`'s bytes.
[[nodiscard]] inline bool TakeSized(std::string_view& in, std::string_view& bytes) {
  uint64_t size = 0;
  if (!TakeVarint(in, size) || size > in.size()) return false;
  bytes = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

}  // namespace tailrace
