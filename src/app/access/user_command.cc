#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>

#include "access/access_book.h"
#include "access/change_journal.h"
#include "access/password.h"
#include "access/private_file.h"
#include "app/access/access_commands.h"
#include "app/client/commands.h"
#include "app/client/verb.h"
#include "app/serve_command.h"

namespace tailrace {
namespace {

// The terminal shows nothing of what is typed while this lives.
class Unseen {
 public:
  Unseen() {
    tcgetattr(STDIN_FILENO, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Unseen() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
};

std::string ReadLine(const char* prompt) {
  std::fputs(prompt, stderr);
  std::string line;
  std::getline(std::cin, line);
  if (*prompt != '\0') std::fputs("\n", stderr);
  return line;
}

Result<std::string> ReadPassword() {
  if (isatty(STDIN_FILENO) == 0) {
    std::string line = ReadLine("");
    if (auto checked = CheckNewPassword(line); !checked) return Fail(checked.error());
    return line;
  }
  const Unseen unseen;
  std::string password = ReadLine("Password: ");
  if (auto checked = CheckNewPassword(password); !checked) return Fail(checked.error());
  if (ReadLine("Again: ") != password) {
    return Fail(ErrorCode::kInvalid, "these were two different passwords");
  }
  return password;
}

std::unexpected<Error> NoUser(const std::string& name) {
  return Fail(ErrorCode::kNotFound, "there is no user " + name);
}

int EditUsers(const DataArguments& where, const std::function<Result<void>(Users&)>& edit) {
  const auto directory = FindAccessDirectory(where);
  if (!directory) return kExitUsage;
  const std::string path = *directory + "/" + std::string(kUsersFile);
  const auto edited = EditLocked(*directory, [&]() -> Result<void> {
    const auto text = ReadPrivateFile(path);
    if (!text) return Fail(text.error());
    auto users = ParseUsers(*text);
    if (!users) return Fail(users.error().code, path + ": " + users.error().message);
    const Users before = *users;
    if (auto done = edit(*users); !done) return done;
    if (auto written = WritePrivateFile(path, FormatUsers(*users)); !written) return written;
    return NoteByWhom(*directory, ChangesOf(before, *users));
  });
  if (edited) return kExitOk;
  Complain(edited.error().message);
  return kExitFailure;
}

// Later than it was, whatever the clock says: older sessions are void.
void MarkChanged(User& user) {
  user.changed = std::max(user.changed + 1, Clock::System().Now());
}

}  // namespace

std::optional<std::string> FindAccessDirectory(const DataArguments& where) {
  std::vector<GivenSetting> flags;
  if (!where.data.empty()) flags.push_back({FindByFlag("data"), {where.data}, "flag --data"});
  const auto loaded = LoadServeConfig(where.config_file, flags);
  if (!loaded) {
    Complain(loaded.error().message);
    return std::nullopt;
  }
  const std::string& data = loaded->config.data;
  if (access(data.c_str(), F_OK) != 0) {
    Complain(data + ": there is no such data directory; --data or --config says where it is");
    return std::nullopt;
  }
  return data + "/" + std::string(kAccessDirectory);
}

Result<void> NoteByWhom(const std::string& directory, const std::vector<AccessChange>& changes) {
  auto noted = NoteChanges(directory, ThisChanger(), Clock::System().Now(), changes);
  if (noted) return noted;
  return Fail(noted.error().code,
              "it is done, but by whom cannot be kept for the audit log: " + noted.error().message);
}

int RunUserAdd(const UserArguments& arguments) {
  for (const std::string& group : arguments.groups) {
    if (auto checked = CheckUserName(group); !checked) {
      Complain(checked.error().message);
      return kExitUsage;
    }
  }
  if (auto checked = CheckUserName(arguments.name); !checked) {
    Complain(checked.error().message);
    return kExitUsage;
  }
  const auto password = ReadPassword();
  const auto hash =
      password ? HashPassword(*password) : Result<std::string>(Fail(password.error()));
  if (!hash) {
    Complain(hash.error().message);
    return kExitUsage;
  }
  return EditUsers(arguments.where, [&](Users& users) -> Result<void> {
    if (users.contains(arguments.name)) {
      return Fail(ErrorCode::kConflict, "there is a user " + arguments.name +
                                            "; `tailrace user password` gives a new password");
    }
    User user{arguments.groups, *hash, 0};
    MarkChanged(user);
    users.emplace(arguments.name, std::move(user));
    return {};
  });
}

int RunUserPassword(const UserArguments& arguments) {
  const auto password = ReadPassword();
  const auto hash =
      password ? HashPassword(*password) : Result<std::string>(Fail(password.error()));
  if (!hash) {
    Complain(hash.error().message);
    return kExitUsage;
  }
  return EditUsers(arguments.where, [&](Users& users) -> Result<void> {
    const auto found = users.find(arguments.name);
    if (found == users.end()) return NoUser(arguments.name);
    found->second.password_hash = *hash;
    MarkChanged(found->second);
    return {};
  });
}

int RunUserLogout(const UserArguments& arguments) {
  return EditUsers(arguments.where, [&](Users& users) -> Result<void> {
    const auto found = users.find(arguments.name);
    if (found == users.end()) return NoUser(arguments.name);
    MarkChanged(found->second);
    return {};
  });
}

int RunUserRemove(const UserArguments& arguments) {
  return EditUsers(arguments.where, [&](Users& users) -> Result<void> {
    if (users.erase(arguments.name) == 0) return NoUser(arguments.name);
    return {};
  });
}

int RunUserList(const DataArguments& where) {
  const auto directory = FindAccessDirectory(where);
  if (!directory) return kExitUsage;
  const auto text = ReadPrivateFile(*directory + "/" + std::string(kUsersFile));
  const auto users = text ? ParseUsers(*text) : Result<Users>(Fail(text.error()));
  if (!users) {
    Complain(users.error().message);
    return kExitFailure;
  }
  for (const auto& [name, user] : *users) {
    std::string line = name;
    for (const std::string& group : user.groups) line += " " + group;
    std::puts(line.c_str());
  }
  return kExitOk;
}

}  // namespace tailrace
