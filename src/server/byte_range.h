// Byte ranges of a download (RFC 9110 §14).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tailrace {

struct ByteRange {
  uint64_t first = 0;
  uint64_t last = 0;  ///< Included.
  uint64_t Size() const { return last - first + 1; }
};

struct RangeChoice {
  std::optional<ByteRange> range;  ///< 206; absent and satisfiable: ignore the field, answer 200.
  bool unsatisfiable = false;      ///< 416.
};

/// Reads the value of Range for a representation of `size` bytes. Several ranges, other units and
/// what is no range are ignored, as §14.2 allows.
RangeChoice ChooseByteRange(std::string_view field, uint64_t size);

}  // namespace tailrace
