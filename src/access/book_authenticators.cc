#include "access/book_authenticators.h"

#include "access/cookie.h"

namespace tailrace {

std::string_view BearerOf(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!EqualsIgnoreCase(authorization.substr(0, kScheme.size()), kScheme)) return {};
  return TrimBlanks(authorization.substr(kScheme.size()));
}

Decision SessionAuthenticator::Decide(const Credentials& credentials) {
  const auto cookie = FindOnlyCookie(credentials.cookies, SessionCookieName(credentials.secure));
  if (!cookie || cookie->empty()) return Decision::NotMine();
  IdentityPtr identity = book_.FindSession(*cookie);
  return identity != nullptr ? Decision::Is(std::move(identity)) : Decision::NotMine();
}

Decision TokenAuthenticator::Decide(const Credentials& credentials) {
  const std::string_view bearer = BearerOf(credentials.authorization);
  if (!bearer.starts_with(kTokenPrefix)) return Decision::NotMine();
  IdentityPtr identity = book_.FindToken(bearer);
  if (identity != nullptr) return Decision::Is(std::move(identity));
  return Decision::Refuse(ProblemFrom(401, "the token is unknown, expired or revoked"));
}

}  // namespace tailrace
