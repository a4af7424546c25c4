// The authenticators of AccessBook: session cookies and tokens.
#pragma once

#include "access/access_book.h"
#include "access/authenticator.h"

namespace tailrace {

/// The session cookie. One that is unknown or over is as none: its owner may still see what anyone
/// may.
class SessionAuthenticator final : public Authenticator {
 public:
  /// `book` outlives it.
  explicit SessionAuthenticator(AccessBook& book) : book_(book) {}

  Proof proof() const override { return Proof::kSession; }
  Decision Decide(const Credentials& credentials) override;
  bool StillProves(const Identity& identity) override { return book_.SessionHolds(identity); }

 private:
  AccessBook& book_;
};

/// `Authorization: Bearer tailrace_…` (RFC 6750 §2.1). Other bearers are not its business; one of
/// its kind that is unknown, expired or revoked is refused.
class TokenAuthenticator final : public Authenticator {
 public:
  explicit TokenAuthenticator(AccessBook& book) : book_(book) {}

  Proof proof() const override { return Proof::kToken; }
  Decision Decide(const Credentials& credentials) override;
  bool StillProves(const Identity& identity) override { return book_.TokenHolds(identity); }

 private:
  AccessBook& book_;
};

/// What stands behind "Bearer" in Authorization; empty: another scheme.
std::string_view BearerOf(std::string_view authorization);

}  // namespace tailrace
