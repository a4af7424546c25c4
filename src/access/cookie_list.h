// Cookie fields (RFC 6265 §4.2, §5.4).
#pragma once

#include <string_view>

namespace tailrace {

/// The value of the first cookie of that name in "a=1; b=2", without quotes around it; empty: there
/// is none. Case counts.
std::string_view FindCookie(std::string_view cookies, std::string_view name);

}  // namespace tailrace
