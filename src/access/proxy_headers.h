// ProxyHeadersAuthenticator: a proxy in front has asked who it is, and says so in fields.
#pragma once

#include "access/authenticator.h"
#include "access/outer_config.h"

namespace tailrace {

/// One worker's. The fields count only on connections of trusted proxies; of everybody else they
/// are as good as absent. Only the very name counts (case aside): neither `_` nor anything else
/// stands for `-`. A field that comes twice is refused: one of the two is the client's.
class ProxyHeadersAuthenticator final : public Authenticator {
 public:
  /// Both outlive it.
  ProxyHeadersAuthenticator(const ProxyAuthConfig& config, const Clock& clock)
      : config_(config), clock_(clock) {}

  Proof proof() const override { return Proof::kProxyHeaders; }
  Decision Decide(const Credentials& credentials) override;
  bool StillProves(const Identity& /*identity*/) override { return true; }

 private:
  const ProxyAuthConfig& config_;
  const Clock& clock_;
};

}  // namespace tailrace
