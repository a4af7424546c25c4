// Random numbers and names. Injected, so that a test prints one seed and repeats everything.
#pragma once

#include <cstdint>
#include <string>

namespace tailrace {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  /// Uniform in [low, high], both included; low <= high.
  uint64_t Between(uint64_t low, uint64_t high);
  /// `length` characters of [a-z0-9].
  std::string Name(size_t length);
};

/// The operating system's generator (getrandom). Any thread.
class SystemRandom final : public Random {
 public:
  uint64_t Next() override;
};

/// splitmix64: repeatable, and quick enough for jitter. One thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override;

 private:
  uint64_t state_;
};

}  // namespace tailrace
