// PlainSum: what the trailer of a gzip stream says of its plain bytes.
#pragma once

#include <cstdint>

namespace tailrace {

/// Sums of parts can be joined, so that nobody has to see all bytes of a stream
/// (http/stream_coding.h).
struct PlainSum {
  uint32_t crc = 0;    ///< CRC-32 of RFC 1952 §8.
  uint32_t shift = 0;  ///< How `bytes` further bytes move the CRC of what stands before them.
  uint64_t bytes = 0;
};

}  // namespace tailrace
