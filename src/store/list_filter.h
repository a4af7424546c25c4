// Which logs a list query wants, and where its next page begins; the same for every store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/log_info.h"
#include "store/log_store.h"

namespace tailrace {

/// Checks `limit` and reads `after`: only logs with a number below the result are wanted.
Result<uint64_t> ListStart(const ListQuery& query);
/// ListAnswer::next behind the log with this number.
std::string ListToken(uint64_t number);
/// `part` stands in it, or is empty; ASCII case ignored.
bool ContainsText(std::string_view text, std::string_view part);
bool MatchesQuery(const ListQuery& query, const LogInfo& info);

}  // namespace tailrace
