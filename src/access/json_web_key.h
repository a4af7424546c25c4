// Public keys of token issuers: JSON Web Key Sets (RFC 7517, 7518 §6, 8037 §2).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct evp_pkey_st;

namespace tailrace {

/// What a token may be signed by (RFC 7518 §3.1, RFC 8037 §3.1). Each belongs to one kind of key.
enum class JwtAlgorithm : uint8_t { kRs256, kEs256, kEdDsa };
std::optional<JwtAlgorithm> ParseJwtAlgorithm(std::string_view name);

inline constexpr size_t kMaxJwksBytes = 256 << 10;
inline constexpr size_t kMaxJwks = 64;

/// Immutable; any thread.
class JsonWebKey {
 public:
  JsonWebKey(std::string id, JwtAlgorithm algorithm, evp_pkey_st* key)
      : id_(std::move(id)), algorithm_(algorithm), key_(key) {}
  JsonWebKey(JsonWebKey&&) noexcept = default;

  const std::string& id() const { return id_; }  ///< `kid`; may be empty.
  JwtAlgorithm algorithm() const { return algorithm_; }
  /// Whether `signature` (as in a token, decoded) is this key's over `signed_bytes`.
  bool Verifies(std::string_view signed_bytes, std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  std::string id_;
  JwtAlgorithm algorithm_;
  std::unique_ptr<evp_pkey_st, Free> key_;
};

/// Immutable; any thread.
class KeySet {
 public:
  /// Keys that are not for signatures by one of JwtAlgorithm are left out (RFC 7517 §5); a key of a
  /// known kind that is broken or weak (RSA below 2048 bits) is kInvalid, as is a set without any.
  static Result<KeySet> Parse(std::string_view json);

  /// Those that a token with this `kid` (empty: none) and algorithm may be signed by.
  std::vector<const JsonWebKey*> Find(std::string_view id, JwtAlgorithm algorithm) const;
  bool Has(std::string_view id) const;
  size_t Size() const { return keys_.size(); }

 private:
  std::vector<JsonWebKey> keys_;
};

/// Replaces `out`. False: not base64url without padding (RFC 7515 §2).
[[nodiscard]] bool DecodeBase64Url(std::string_view text, std::string& out);
std::string EncodeBase64Url(std::string_view bytes);

}  // namespace tailrace
