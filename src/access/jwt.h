// JSON Web Tokens of other issuers (RFC 7519, signed as RFC 7515 says). Only what RFC 8725 wants is
// accepted: the algorithm belongs to the key and not to the token, `none` and MACs do not exist.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "access/json_web_key.h"
#include "access/outer_config.h"
#include "base/time.h"

namespace tailrace {

inline constexpr size_t kMaxJwtBytes = 12 << 10;

struct JwtVerdict {
  enum class Kind : uint8_t {
    kValid,
    kUnknownKey,  ///< No key of the set may have signed it; perhaps a newer set has one.
    kInvalid,
  };
  Kind kind = Kind::kInvalid;
  std::string reason;  ///< For people; has nothing of the token.
  std::string user;
  std::vector<std::string> groups;
  std::string key_id;  ///< `kid` of the key; may be empty.
  TimeNs expires = 0;  ///< With the skew.
};

/// "header.payload.signature"; any thread. Needs `exp`, and `iss`, `aud` as configured; `nbf` and
/// `iat` count if they are there. `crit` is refused; `jku`, `jwk`, `x5u` and `x5c` mean nothing.
JwtVerdict VerifyJwt(std::string_view token, const KeySet& keys, const JwtConfig& config,
                     TimeNs now);

/// Three parts of base64url: whether it is worth asking.
bool LooksLikeJwt(std::string_view token);

}  // namespace tailrace
