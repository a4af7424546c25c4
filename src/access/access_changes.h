// What has changed between two states of users, tokens or grants, for the audit log.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/grants.h"
#include "access/tokens.h"
#include "access/users.h"

namespace tailrace {

struct AccessChange {
  std::string what;  ///< "user added", "token revoked", "grant removed", …
  /// Names and values of a line of the log; no secrets.
  std::vector<std::pair<std::string, std::string>> fields;
};

/// "user added", "user removed", "user changed" (its groups, or whatever ends its sessions).
std::vector<AccessChange> ChangesOf(const Users& before, const Users& after);
/// "token created", "token revoked".
std::vector<AccessChange> ChangesOf(const Tokens& before, const Tokens& after);
/// "grant added", "grant removed". One that stands in another place is the same.
std::vector<AccessChange> ChangesOf(const std::vector<Grant>& before,
                                    const std::vector<Grant>& after);

}  // namespace tailrace
