// Passwords: argon2id (RFC 9106), by libsodium.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tailrace {

inline constexpr size_t kMinPasswordBytes = 8;
inline constexpr size_t kMaxPasswordBytes = 1024;

/// kInvalid: too short or too long.
Result<void> CheckNewPassword(std::string_view password);

/// "$argon2id$v=19$m=65536,t=2,p=1$…": salt and cost are in it. Takes about a tenth of a second and
/// 64 MiB; never on a loop. kUnavailable: there is no memory for it.
Result<std::string> HashPassword(std::string_view password);

/// Whether `hash` was made of `password`; costs the same. An empty hash (an unknown user) costs as
/// much and is never right.
bool VerifyPassword(const std::string& hash, std::string_view password);

}  // namespace tailrace
