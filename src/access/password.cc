#include "access/password.h"

#include <sodium.h>

#include <array>

namespace tailrace {
namespace {

constexpr unsigned long long kOperations = crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE;
constexpr size_t kMemoryBytes = crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE;

}  // namespace

Result<void> CheckNewPassword(std::string_view password) {
  if (password.size() < kMinPasswordBytes || password.size() > kMaxPasswordBytes) {
    return Fail(ErrorCode::kInvalid, "a password has " + std::to_string(kMinPasswordBytes) +
                                         " to " + std::to_string(kMaxPasswordBytes) + " bytes");
  }
  return {};
}

Result<std::string> HashPassword(std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> hash;
  if (sodium_init() < 0 ||
      crypto_pwhash_str_alg(hash.data(), password.data(), password.size(), kOperations,
                            kMemoryBytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Fail(ErrorCode::kUnavailable, "there is no memory to hash a password");
  }
  return std::string(hash.data());
}

bool VerifyPassword(const std::string& hash, std::string_view password) {
  if (password.size() > kMaxPasswordBytes || sodium_init() < 0) return false;
  if (hash.empty()) {
    static_cast<void>(HashPassword(password));  // for its time only
    return false;
  }
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace tailrace
