#include "access/secret.h"

#include <sodium.h>

#include "base/check.h"

namespace tailrace {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kIdDigits = 12;

// Chooses its functions for this processor; any number of times, from any thread.
void InitSodium() {
  static const int kInitialized = sodium_init();
  CHECK(kInitialized >= 0);
}

}  // namespace

std::string NewSecret() {
  InitSodium();
  std::array<unsigned char, kSecretBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_ENCODED_LEN(kSecretBytes, kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();  // the NUL
  sodium_memzero(bytes.data(), bytes.size());
  return text;
}

Digest Digest::Of(std::string_view secret) {
  InitSodium();
  Digest digest;
  crypto_generichash(digest.bytes_.data(), digest.bytes_.size(),
                     reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), nullptr,
                     0);
  return digest;
}

std::optional<Digest> Digest::FromHex(std::string_view hex) {
  Digest digest;
  size_t size = 0;
  if (hex.size() != 2 * digest.bytes_.size()) return std::nullopt;
  if (sodium_hex2bin(digest.bytes_.data(), digest.bytes_.size(), hex.data(), hex.size(), nullptr,
                     &size, nullptr) != 0 ||
      size != digest.bytes_.size()) {
    return std::nullopt;
  }
  return digest;
}

std::string Digest::Hex() const {
  std::string hex(2 * bytes_.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), bytes_.data(), bytes_.size());
  hex.pop_back();  // the NUL
  return hex;
}

std::string Digest::Id() const {
  return Hex().substr(0, kIdDigits);
}

bool SameDigest(const Digest& a, const Digest& b) {
  return sodium_memcmp(a.bytes_.data(), b.bytes_.data(), a.bytes_.size()) == 0;
}

}  // namespace tailrace
