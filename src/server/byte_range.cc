#include "server/byte_range.h"

#include <algorithm>

#include "base/text.h"
#include "http/headers.h"

namespace tailrace {

RangeChoice ChooseByteRange(std::string_view field, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!EqualsIgnoreCase(field.substr(0, kUnit.size()), kUnit)) return {};
  field.remove_prefix(kUnit.size());
  const size_t dash = field.find('-');
  if (dash == std::string_view::npos || field.find(',') != std::string_view::npos) return {};
  const auto first = ParseDecimal(field.substr(0, dash));
  const auto last = ParseDecimal(field.substr(dash + 1));
  if (dash == 0) {  // the last so many bytes
    if (!last) return {};
    if (*last == 0 || size == 0) return {.unsatisfiable = true};
    return {.range = ByteRange{size - std::min(*last, size), size - 1}};
  }
  const bool open = dash + 1 == field.size();
  if (!first || (!open && !last) || (last && *last < *first)) return {};
  if (*first >= size) return {.unsatisfiable = true};
  return {.range = ByteRange{*first, open ? size - 1 : std::min(*last, size - 1)}};
}

}  // namespace tailrace
