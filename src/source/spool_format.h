// The bytes of a spool file (spool.h says the layout), without any file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "source/spool.h"

namespace tailrace {

inline constexpr uint64_t kSpoolHeaderBytes = 4096;
inline constexpr uint64_t kSpoolSlotOffset = 3584;
inline constexpr uint64_t kSpoolSlotBytes = 128;  ///< Of each of the two.
inline constexpr uint64_t kSpoolRecordHeadBytes = 21;
inline constexpr uint64_t kMaxSpoolPayloadBytes = 64 << 20;

enum class SpoolRecordKind : uint8_t { kEntries = 1, kFinish = 2 };

struct SpoolSlot {
  uint64_t generation = 0;  ///< The valid slot with the higher one is in force.
  uint64_t offset = kSpoolHeaderBytes;
  uint64_t acknowledged = 0;
  uint64_t shift = 0;
};

struct SpoolRecordHead {
  uint32_t payload_bytes = 0;
  uint32_t crc = 0;
  SpoolRecordKind kind = SpoolRecordKind::kEntries;
  uint64_t first = 0;
  uint32_t count = 0;
};

/// The part of the header before the slots; kTooLarge if the names do not fit.
Result<std::string> EncodeSpoolHeader(const SpoolMeta& meta);
Result<SpoolMeta> DecodeSpoolHeader(std::string_view page);

std::string EncodeSpoolSlot(const SpoolSlot& slot);
std::optional<SpoolSlot> DecodeSpoolSlot(std::string_view bytes);

/// What stands before the payload.
std::string EncodeSpoolRecordHead(SpoolRecordKind kind, uint64_t first, uint32_t count,
                                  std::string_view payload);
/// Of kSpoolRecordHeadBytes bytes. Nothing: can't be the head of a record.
std::optional<SpoolRecordHead> DecodeSpoolRecordHead(std::string_view bytes);
/// Whether head and payload are what was written.
bool SpoolRecordIsWhole(std::string_view head_bytes, std::string_view payload);

std::string EncodeSpoolOutcome(const std::optional<Outcome>& outcome);
Result<std::optional<Outcome>> DecodeSpoolOutcome(std::string_view payload);

}  // namespace tailrace
