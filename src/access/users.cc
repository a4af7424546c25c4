#include "access/users.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "access/private_file.h"

namespace tailrace {
namespace {

constexpr std::string_view kKind = "tailrace-users";
constexpr size_t kMaxNameBytes = 64;

std::string JoinCommas(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out.append(out.empty() ? "" : ",").append(name);
  return out;
}

std::vector<std::string> SplitCommas(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    names.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return names;
}

}  // namespace

Result<void> CheckUserName(std::string_view name) {
  const auto is_name_char = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '@' ||
           c == '-';
  };
  const bool fits = !name.empty() && name.size() <= kMaxNameBytes &&
                    std::isalnum(static_cast<unsigned char>(name.front())) != 0 &&
                    std::ranges::all_of(name, is_name_char);
  if (fits) return {};
  return Fail(ErrorCode::kInvalid, "'" + std::string(name) +
                                       "' is no name: letters, digits and . _ @ -, at most " +
                                       std::to_string(kMaxNameBytes));
}

Result<Users> ParseUsers(std::string_view text) {
  const auto rows = ParseRows(text, kKind, 4);
  if (!rows) return Fail(rows.error());
  Users users;
  for (size_t i = 0; i < rows->size(); ++i) {
    const auto& row = (*rows)[i];
    const auto changed = ParseTimeField(row[2]);
    if (!CheckUserName(row[0]) || !changed) {
      return Fail(ErrorCode::kCorrupt, "line " + std::to_string(i + 2) + " is no user");
    }
    users[std::string(row[0])] = {SplitCommas(row[1]), std::string(row[3]), *changed};
  }
  return users;
}

std::string FormatUsers(const Users& users) {
  std::string out = std::string(kKind) + " 1\n";
  for (const auto& [name, user] : users) {
    AppendRow(out,
              {name, JoinCommas(user.groups), std::to_string(user.changed), user.password_hash});
  }
  return out;
}

}  // namespace tailrace
