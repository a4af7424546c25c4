// DATA/access/changes: what the command line has changed of users and tokens, and by whom, until a
// server has told its audit log. Every function blocks, and belongs inside EditLocked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "access/access_changes.h"
#include "base/result.h"
#include "base/time.h"

namespace tailrace {

inline constexpr std::string_view kChangesFile = "changes";
/// Where no server runs for long, the oldest are dropped.
inline constexpr size_t kMaxNotedChanges = 1'000;

/// The operating system's user that runs a command.
struct Changer {
  uint32_t uid = 0;
  std::string user;       ///< The uid's name, or its digits if it has none.
  std::string sudo_user;  ///< What the environment's SUDO_USER says, if it can be a name.
};
/// Of this process, by its real uid.
Changer ThisChanger();

/// Puts them behind those that are there. kUnavailable.
Result<void> NoteChanges(const std::string& directory, const Changer& changer, TimeNs now,
                         const std::vector<AccessChange>& changes);
/// As noted, with the fields `by`, `uid`, `sudo_user` (if there is one) and `at` behind their own.
/// A file that cannot be understood is a change of its own, "noted changes lost".
std::vector<AccessChange> ReadChanges(const std::string& directory);
/// They were told. kUnavailable.
Result<void> ForgetChanges(const std::string& directory);

/// `noted`, and behind it those of `seen` that nobody has noted (`by=unknown`): of users and tokens
/// that no noted change is about.
std::vector<AccessChange> MergeChanges(std::vector<AccessChange> noted,
                                       const std::vector<AccessChange>& seen);

}  // namespace tailrace
