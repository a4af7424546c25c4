#include "access/change_journal.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

#include "access/private_file.h"

namespace tailrace {
namespace {

constexpr std::string_view kKind = "tailrace-changes";
constexpr std::string_view kHead = "tailrace-changes 1\n";
constexpr size_t kOwnFields = 5;     // time, uid, user, sudo_user, what
constexpr size_t kChangeFields = 5;  // a token has so many
constexpr size_t kMaxPasswdBytes = 64 * 1024;

std::string PathOf(const std::string& directory) {
  return directory + "/" + std::string(kChangesFile);
}

std::string NameOf(uid_t uid) {
  std::vector<char> buffer(kMaxPasswdBytes);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    if (CheckUserName(found->pw_name)) return found->pw_name;
  }
  return std::to_string(uid);
}

std::optional<AccessChange> ParseChange(const std::vector<std::string_view>& row) {
  const auto time = ParseTimeField(row[0]);
  if (!time) return std::nullopt;
  AccessChange change{std::string(row[4]), {}};
  for (size_t i = kOwnFields; i < row.size(); ++i) {
    const size_t equals = row[i].find('=');
    if (row[i].empty()) continue;
    if (equals == std::string_view::npos) return std::nullopt;
    change.fields.emplace_back(row[i].substr(0, equals), row[i].substr(equals + 1));
  }
  change.fields.emplace_back("by", row[2]);
  change.fields.emplace_back("uid", row[1]);
  if (!row[3].empty()) change.fields.emplace_back("sudo_user", row[3]);
  change.fields.emplace_back("at", FormatRfc3339(*time));
  return change;
}

// The user or token that it is about.
const std::pair<std::string, std::string>* SubjectOf(const AccessChange& change) {
  return change.fields.empty() ? nullptr : &change.fields.front();
}

}  // namespace

Changer ThisChanger() {
  Changer changer;
  changer.uid = getuid();
  changer.user = NameOf(changer.uid);
  const char* const sudo_user = std::getenv("SUDO_USER");  // NOLINT(concurrency-mt-unsafe)
  if (sudo_user != nullptr && CheckUserName(sudo_user)) changer.sudo_user = sudo_user;
  return changer;
}

Result<void> NoteChanges(const std::string& directory, const Changer& changer, TimeNs now,
                         const std::vector<AccessChange>& changes) {
  if (changes.empty()) return {};
  const std::string path = PathOf(directory);
  auto text = ReadPrivateFile(path);
  if (!text || !text->starts_with(kHead)) text = std::string(kHead);
  for (const AccessChange& change : changes) {
    std::vector<std::string> row = {std::to_string(now), std::to_string(changer.uid), changer.user,
                                    changer.sudo_user, change.what};
    for (const auto& [name, value] : change.fields) row.push_back(name + "=" + value);
    row.resize(kOwnFields + kChangeFields);
    AppendRow(*text, row);
  }
  const auto lines = static_cast<size_t>(std::ranges::count(*text, '\n')) - 1;
  for (size_t i = kMaxNotedChanges; i < lines; ++i) {
    text->erase(kHead.size(), text->find('\n', kHead.size()) + 1 - kHead.size());
  }
  return WritePrivateFile(path, *text);
}

std::vector<AccessChange> ReadChanges(const std::string& directory) {
  const auto lost = [](const std::string& error) {
    return std::vector<AccessChange>{{"noted changes lost", {{"error", error}}}};
  };
  const std::string path = PathOf(directory);
  const auto text = ReadPrivateFile(path);
  if (!text) return lost(text.error().message);
  const auto rows = ParseRows(*text, kKind, kOwnFields + kChangeFields);
  if (!rows) return lost(path + ": " + rows.error().message);
  std::vector<AccessChange> changes;
  for (size_t i = 0; i < rows->size(); ++i) {
    auto change = ParseChange((*rows)[i]);
    if (!change) return lost(path + ": line " + std::to_string(i + 2) + " is no change");
    changes.push_back(std::move(*change));
  }
  return changes;
}

Result<void> ForgetChanges(const std::string& directory) {
  const std::string path = PathOf(directory);
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
}

std::vector<AccessChange> MergeChanges(std::vector<AccessChange> noted,
                                       const std::vector<AccessChange>& seen) {
  std::set<std::pair<std::string, std::string>> subjects;
  for (const AccessChange& change : noted) {
    if (const auto* subject = SubjectOf(change)) subjects.insert(*subject);
  }
  for (const AccessChange& change : seen) {
    const auto* const subject = SubjectOf(change);
    if (subject != nullptr && subjects.contains(*subject)) continue;
    noted.push_back(change);
    noted.back().fields.emplace_back("by", "unknown");
  }
  return noted;
}

}  // namespace tailrace
