// What the fuzz targets share: input as numbers and pieces.
#pragma once

#include <cstdint>
#include <string_view>

namespace tailrace {

inline std::string_view AsText(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes one byte off the front, 0 if there is none.
inline uint8_t TakeByte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

/// Takes a piece off the front, as long as a pattern of small and large sizes says.
inline std::string_view TakePiece(std::string_view& input, uint8_t pattern, uint32_t& step) {
  const size_t size =
      pattern == 0 ? 1 : 1 + (pattern * (++step) * 2654435761u >> 16) % (pattern * 2u);
  const std::string_view piece = input.substr(0, size);
  input.remove_prefix(piece.size());
  return piece;
}

}  // namespace tailrace
