// User names and lists of groups as other servers write them into fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

inline constexpr size_t kMaxUserBytes = 256;
inline constexpr size_t kMaxGroups = 128;

/// Replaces `user`. False: longer than kMaxUserBytes, a control character, or ill-formed UTF-8.
/// Empty is allowed: somebody without a name.
[[nodiscard]] bool TakeUserName(std::string_view value, std::string& user);

/// Replaces `groups` by the elements of "a, b,c", each as a user name and none empty, none twice,
/// sorted. False: one is wrong, or they are more than kMaxGroups.
[[nodiscard]] bool TakeGroupList(std::string_view value, std::vector<std::string>& groups);

}  // namespace tailrace
