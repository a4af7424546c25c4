// `tailrace user` and `tailrace token`: edit the files in DATA/access, whether a server runs or
// not; one that runs notices. Each returns the process's exit code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/access_changes.h"
#include "app/config/config_loader.h"

namespace tailrace {

/// Where the server's data is: as `tailrace serve` finds it.
struct DataArguments {
  std::string config_file;
  std::string data;  ///< --data; empty: as configured.
};

struct UserArguments {
  DataArguments where;
  std::string name;
  std::vector<std::string> groups;
};

/// The password comes from the terminal, twice and unseen, or as a line of standard input.
int RunUserAdd(const UserArguments& arguments);
int RunUserPassword(const UserArguments& arguments);
/// Ends all sessions of the user.
int RunUserLogout(const UserArguments& arguments);
int RunUserRemove(const UserArguments& arguments);
int RunUserList(const DataArguments& where);

struct TokenArguments {
  DataArguments where;
  std::string name;
  std::vector<std::string> may;
  std::vector<std::string> logs;
  std::optional<uint64_t> expires_ms;  ///< From now; absent: never.
};

/// Prints the token, which nobody can show again.
int RunTokenCreate(const TokenArguments& arguments);
int RunTokenList(const DataArguments& where);
/// By id or by name.
int RunTokenRevoke(const DataArguments& where, const std::string& name);

/// DATA/access of the server that `where` means; complains and returns nothing if the
/// configuration is wrong.
std::optional<std::string> FindAccessDirectory(const DataArguments& where);

/// Inside EditLocked: leaves it to the server's audit log that the operating system's user of this
/// process has made these changes. The error says that they are made nevertheless.
Result<void> NoteByWhom(const std::string& directory, const std::vector<AccessChange>& changes);

}  // namespace tailrace
