// CRC-32C (RFC 3720 §B.4), by the processor's instruction where it has one.
#pragma once

#include <cstdint>
#include <string_view>

namespace tailrace {

/// Of what `crc` is the CRC of, and `data` behind it. The CRC of nothing is 0.
uint32_t ExtendCrc32c(uint32_t crc, std::string_view data);

/// Whether the processor has the instruction.
bool HasFastCrc32c();

}  // namespace tailrace
