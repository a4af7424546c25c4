#include "access/cookie.h"

#include <algorithm>

#include "http/headers.h"

namespace tailrace {

std::optional<std::string_view> FindOnlyCookie(std::string_view cookies, std::string_view name) {
  std::optional<std::string_view> found;
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    const std::string_view pair = TrimBlanks(cookies.substr(0, end));
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || TrimBlanks(pair.substr(0, equals)) != name) continue;
    const std::string_view value = TrimBlanks(pair.substr(equals + 1));
    if (found && *found != value) return std::nullopt;
    found = value;
  }
  return found;
}

std::string_view SessionCookieName(bool secure) {
  return secure ? "__Host-tailrace" : "tailrace";
}

std::string SessionCookie(bool secure, std::string_view value, uint64_t max_age_s) {
  std::string cookie(SessionCookieName(secure));
  cookie.append("=").append(value).append("; Path=/; HttpOnly; SameSite=Lax; Max-Age=");
  cookie.append(std::to_string(value.empty() ? 0 : max_age_s));
  if (secure) cookie.append("; Secure");
  return cookie;
}

}  // namespace tailrace
