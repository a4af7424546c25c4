#include "base/crc32c.h"

#include <array>
#include <cstring>

namespace tailrace {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // bits reversed

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

uint32_t ExtendByTable(uint32_t state, std::string_view data) {
  for (const char byte : data) {
    state = (state >> 8) ^ kTable[(state ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return state;
}

#ifdef __x86_64__
// The instruction takes three cycles but one can begin in each, so three lanes run side by side.
constexpr size_t kLaneBytes = 1024;

using ShiftTable = std::array<std::array<uint32_t, 256>, 4>;

// What kLaneBytes zeros make of a state, for each of its bytes; the XOR of all four is the result.
constexpr ShiftTable MakeShiftTable() {
  ShiftTable table{};
  for (uint32_t bit = 0; bit < 32; ++bit) {
    uint32_t state = 1U << bit;
    for (size_t i = 0; i < kLaneBytes; ++i) state = (state >> 8) ^ kTable[state & 0xff];
    const uint32_t own = 1U << (bit % 8);
    for (uint32_t value = 0; value < 256; ++value) {
      if ((value & own) != 0) table[bit / 8][value] ^= state;
    }
  }
  return table;
}

uint32_t ShiftByLane(uint64_t state) {
  static constexpr ShiftTable kShift = MakeShiftTable();
  return kShift[0][state & 0xff] ^ kShift[1][(state >> 8) & 0xff] ^
         kShift[2][(state >> 16) & 0xff] ^ kShift[3][(state >> 24) & 0xff];
}

uint64_t WordAt(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) uint32_t ExtendByHardware(uint32_t state, std::string_view data) {
  uint64_t wide = state;
  for (; data.size() >= 3 * kLaneBytes; data.remove_prefix(3 * kLaneBytes)) {
    uint64_t second = 0;
    uint64_t third = 0;
    const char* const end = data.data() + kLaneBytes;
    for (const char* at = data.data(); at < end; at += sizeof(uint64_t)) {
      wide = __builtin_ia32_crc32di(wide, WordAt(at));
      second = __builtin_ia32_crc32di(second, WordAt(at + kLaneBytes));
      third = __builtin_ia32_crc32di(third, WordAt(at + 2 * kLaneBytes));
    }
    wide = ShiftByLane(ShiftByLane(wide) ^ second) ^ third;
  }
  for (; data.size() >= sizeof(uint64_t); data.remove_prefix(sizeof(uint64_t))) {
    wide = __builtin_ia32_crc32di(wide, WordAt(data.data()));
  }
  state = static_cast<uint32_t>(wide);
  for (const char byte : data) {
    state = __builtin_ia32_crc32qi(state, static_cast<unsigned char>(byte));
  }
  return state;
}
#else
uint32_t ExtendByHardware(uint32_t state, std::string_view data) {
  return ExtendByTable(state, data);
}
#endif

}  // namespace

bool HasFastCrc32c() {
#ifdef __x86_64__
  return __builtin_cpu_supports("sse4.2") != 0;
#else
  return false;
#endif
}

uint32_t ExtendCrc32c(uint32_t crc, std::string_view data) {
  static const bool kFast = HasFastCrc32c();
  return ~(kFast ? ExtendByHardware(~crc, data) : ExtendByTable(~crc, data));
}

}  // namespace tailrace
