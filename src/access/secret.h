// Secrets: what tokens and session cookies are made of, and the only way to compare them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace {

/// 256 bits of the operating system's randomness as 43 characters of [A-Za-z0-9_-].
std::string NewSecret();

/// BLAKE2b-256 of a secret: what is stored instead of it. A stored digest is found by its Id and
/// then compared as a whole in constant time; there is no other comparison.
class Digest {
 public:
  static Digest Of(std::string_view secret);
  /// 64 hexadecimal digits.
  static std::optional<Digest> FromHex(std::string_view hex);

  std::string Hex() const;
  /// The first 12 digits: a name that says nothing of the secret and may be shown.
  std::string Id() const;

  bool operator==(const Digest&) const = delete;
  friend bool SameDigest(const Digest& a, const Digest& b);

 private:
  std::array<unsigned char, 32> bytes_{};
};

/// In constant time.
bool SameDigest(const Digest& a, const Digest& b);

}  // namespace tailrace
