#include "base/random.h"

#include <sys/random.h>

#include "base/check.h"

namespace tailrace {

uint64_t Random::Between(uint64_t low, uint64_t high) {
  CHECK(low <= high);
  const uint64_t span = high - low + 1;  // 0: all 64 bits
  return span == 0 ? Next() : low + Next() % span;
}

std::string Random::Name(size_t length) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string name(length, '\0');
  for (char& c : name) c = kAlphabet[Between(0, 35)];
  return name;
}

uint64_t SystemRandom::Next() {
  uint64_t value = 0;
  CHECK(getrandom(&value, sizeof value, 0) == sizeof value);
  return value;
}

uint64_t SeededRandom::Next() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace tailrace
