// Users: the local ones, as the file DATA/access/users has them. Edited by `tailrace user`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tailrace {

struct User {
  std::vector<std::string> groups;
  std::string password_hash;  ///< HashPassword's.
  /// Sessions from before are void: a new password, or logged out everywhere.
  TimeNs changed = 0;
};
using Users = std::map<std::string, User, std::less<>>;

inline constexpr std::string_view kUsersFile = "users";

/// Names of users and groups: [A-Za-z0-9][A-Za-z0-9._@-]{0,63}. kInvalid.
Result<void> CheckUserName(std::string_view name);

/// kCorrupt names the line.
Result<Users> ParseUsers(std::string_view text);
std::string FormatUsers(const Users& users);

}  // namespace tailrace
