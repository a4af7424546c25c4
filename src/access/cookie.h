// Cookies (RFC 6265): what a browser sends, and what it is told to keep.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tailrace {

/// The value of the cookie `name` in a Cookie field ("a=1; b=2"). Nothing: there is none, or
/// several with different values, of which nobody can tell whose they are.
std::optional<std::string_view> FindOnlyCookie(std::string_view cookies, std::string_view name);

/// Of the session. Over TLS by a name that browsers take only from this very host, over TLS
/// (RFC 6265bis §4.1.3.2).
std::string_view SessionCookieName(bool secure);

/// Set-Cookie of the session: HttpOnly, SameSite=Lax, for the whole host; Secure if `secure`. An
/// empty value removes it.
std::string SessionCookie(bool secure, std::string_view value, uint64_t max_age_s);

}  // namespace tailrace
