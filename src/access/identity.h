// Identity: who a request comes from, and how that is known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/grants.h"
#include "base/time.h"

namespace tailrace {

/// How an identity was proven. Each value but kNone belongs to one authenticator.
enum class Proof : uint8_t {
  kNone,          ///< Not at all: anyone.
  kSession,       ///< Cookie of a local login.
  kToken,         ///< `tailrace token create`.
  kForwardAuth,   ///< Another server was asked.
  kProxyHeaders,  ///< A trusted proxy says so.
  kJwt,           ///< Signed by an issuer.
  kLink,          ///< A signed link to one log.
};

/// "session", "token", "forward-auth", "proxy-headers", "jwt", "link"; "none".
std::string_view ProofName(Proof proof);

/// Immutable: requests and streams share it.
struct Identity {
  std::string user;  ///< As in grants and in the audit log. Empty: a token or link of nobody.
  std::vector<std::string> groups;
  Proof proof = Proof::kNone;
  /// By what its authenticator finds the credential again (Authenticator::StillProves); also in
  /// the audit log, so never a secret.
  std::string credential;
  std::optional<TimeNs> expires;  ///< At the latest; absent: as long as it is not revoked.
  /// The credential's own rights: these and what anyone may, and not those of `user`.
  std::optional<std::vector<Scope>> scopes;

  bool IsSomebody() const { return proof != Proof::kNone; }
  /// Whether a stream of one may share the other's object.
  bool SameAs(const Identity& other) const {
    return proof == other.proof && user == other.user && credential == other.credential &&
           groups == other.groups;
  }
};
using IdentityPtr = std::shared_ptr<const Identity>;

/// The one that showed nothing.
IdentityPtr Anyone();

}  // namespace tailrace
