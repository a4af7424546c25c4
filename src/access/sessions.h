// Sessions: logins of local users, as the file DATA/access/sessions has them. Only the server
// writes it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "access/identity.h"
#include "access/secret.h"
#include "base/result.h"
#include "base/time.h"

namespace tailrace {

struct UserSession {
  Digest digest;  ///< Of the cookie's value.
  std::string user;
  TimeNs user_changed = 0;  ///< User::changed at login; another one voids the session.
  TimeNs created = 0;
  TimeNs used = 0;                 ///< By a request, or a stream that was open.
  IdentityPtr identity = nullptr;  ///< Not in the file.
};
using UserSessions = std::map<std::string, UserSession, std::less<>>;  // by Digest::Id

inline constexpr std::string_view kSessionsFile = "sessions";

/// kCorrupt names the line.
Result<UserSessions> ParseSessions(std::string_view text);
std::string FormatSessions(const UserSessions& sessions);

}  // namespace tailrace
