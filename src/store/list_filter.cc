#include "store/list_filter.h"

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool ContainsText(std::string_view text, std::string_view part) {
  if (part.empty()) return true;
  const auto same = [](char a, char b) { return Lower(a) == Lower(b); };
  return !std::ranges::search(text, part, same).empty();
}

Result<uint64_t> ListStart(const ListQuery& query) {
  if (query.limit < 1 || query.limit > kMaxListLimit) {
    return Fail(ErrorCode::kInvalid, "limit: must be 1 to " + std::to_string(kMaxListLimit) +
                                         ", not " + std::to_string(query.limit));
  }
  if (query.after.empty()) return UINT64_MAX;
  const auto number = ParseDecimal(query.after);
  if (!number) return Fail(ErrorCode::kInvalid, "after: must be the `next` of an earlier page");
  return *number;
}

std::string ListToken(uint64_t number) {
  return std::to_string(number);
}

bool MatchesQuery(const ListQuery& query, const LogInfo& info) {
  if (query.type && *query.type != info.key.type) return false;
  if (query.ended && *query.ended != info.HasEnded()) return false;
  for (const auto& [name, value] : query.labels) {
    const auto label = info.labels.find(name);
    if (label == info.labels.end() || label->second != value) return false;
  }
  const bool has_text = query.text.empty() || ContainsText(info.title, query.text) ||
                        ContainsText(info.key.Path(), query.text);
  return has_text && (query.visible == nullptr || query.visible(info));
}

}  // namespace tailrace
