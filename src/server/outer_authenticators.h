// OuterAuthenticators: what others say of who a request comes from: a portal that is asked, a
// proxy, an issuer of tokens. What workers share of it, and the part of each.
#pragma once

#include <memory>
#include <string>

#include "access/authenticator_chain.h"
#include "access/forward_auth.h"
#include "access/jwt_keys.h"
#include "access/view_link.h"

namespace tailrace {

class Loop;
struct ServerConfig;

/// Made before the workers; dies while their loops stand still but are there, since its threads
/// post to them.
class OuterAuthenticators {
 public:
  /// The data directory is there. kInvalid names the setting or the file.
  static Result<std::unique_ptr<OuterAuthenticators>> Make(const ServerConfig& config);

  /// That of links to one log, which come before all others.
  void AddLinksTo(AuthenticatorChain& chain);
  /// Adds the others that are configured, for the worker of `loop`.
  void AddTo(AuthenticatorChain& chain, Loop& loop);

  /// Null: access control is off, and a link would say nothing.
  LinkKeys* link_keys() { return link_keys_.get(); }
  const ForwardAuth* forward_auth() const { return forward_auth_.get(); }  ///< Null: off.
  const JwtKeys* jwt_keys() const { return jwt_keys_.get(); }              ///< Null: off.

 private:
  explicit OuterAuthenticators(const ServerConfig& config) : config_(config) {}

  const ServerConfig& config_;
  SystemRandom random_;
  std::unique_ptr<LinkKeys> link_keys_;
  std::unique_ptr<ForwardAuth> forward_auth_;
  std::unique_ptr<JwtKeys> jwt_keys_;
};

}  // namespace tailrace
