#include "access/group_list.h"

#include <algorithm>

#include "base/text.h"
#include "http/headers.h"

namespace tailrace {

bool TakeUserName(std::string_view value, std::string& user) {
  user = TrimBlanks(value);
  return user.size() <= kMaxUserBytes && IsValidUtf8(user) &&
         std::ranges::none_of(
             user, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool TakeGroupList(std::string_view value, std::vector<std::string>& groups) {
  groups.clear();
  while (!value.empty()) {
    const size_t end = std::min(value.find(','), value.size());
    std::string group;
    if (!TakeUserName(value.substr(0, end), group)) return false;
    if (!group.empty()) groups.push_back(std::move(group));
    if (groups.size() > kMaxGroups) return false;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  std::ranges::sort(groups);
  groups.erase(std::ranges::unique(groups).begin(), groups.end());
  return true;
}

}  // namespace tailrace
