// Whether a request that changes something comes from this server's own pages (CSRF).
#pragma once

#include <string_view>

#include "http/request.h"

namespace tailrace {

/// Safe methods change nothing (RFC 9110 §9.2.1).
bool IsSafeMethod(Method method);

/// By Sec-Fetch-Site (W3C Fetch Metadata) or else by Origin, which every browser sends with such
/// requests: false if it is another site. Without both it is no browser's: true. `secure`, `host`:
/// what the client asked, as far as is known.
bool IsSameOrigin(const RequestHead& head, bool secure, std::string_view host);

}  // namespace tailrace
