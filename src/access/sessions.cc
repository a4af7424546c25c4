#include "access/sessions.h"

#include "access/private_file.h"
#include "access/users.h"

namespace tailrace {
namespace {

constexpr std::string_view kKind = "tailrace-sessions";

}  // namespace

Result<UserSessions> ParseSessions(std::string_view text) {
  const auto rows = ParseRows(text, kKind, 5);
  if (!rows) return Fail(rows.error());
  UserSessions sessions;
  for (size_t i = 0; i < rows->size(); ++i) {
    const auto& row = (*rows)[i];
    const auto digest = Digest::FromHex(row[0]);
    const auto user_changed = ParseTimeField(row[2]);
    const auto created = ParseTimeField(row[3]);
    const auto used = ParseTimeField(row[4]);
    if (!digest || !CheckUserName(row[1]) || !user_changed || !created || !used) {
      return Fail(ErrorCode::kCorrupt, "line " + std::to_string(i + 2) + " is no session");
    }
    sessions.emplace(digest->Id(),
                     UserSession{*digest, std::string(row[1]), *user_changed, *created, *used});
  }
  return sessions;
}

std::string FormatSessions(const UserSessions& sessions) {
  std::string out = std::string(kKind) + " 1\n";
  for (const auto& [id, session] : sessions) {
    AppendRow(out, {session.digest.Hex(), session.user, std::to_string(session.user_changed),
                    std::to_string(session.created), std::to_string(session.used)});
  }
  return out;
}

}  // namespace tailrace
