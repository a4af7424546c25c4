// JwtAuthenticator: tokens of another issuer, in Authorization or in a cookie.
#pragma once

#include <functional>
#include <string>

#include "access/authenticator.h"
#include "access/jwt_keys.h"

namespace tailrace {

/// One worker's.
class JwtAuthenticator final : public Authenticator {
 public:
  using Post = std::function<void(std::move_only_function<void()>)>;

  /// All outlive it. `post` brings a task to this worker's thread.
  JwtAuthenticator(const JwtConfig& config, JwtKeys& keys, Post post, const Clock& clock)
      : config_(config), keys_(keys), post_(std::move(post)), clock_(clock) {}

  Proof proof() const override { return Proof::kJwt; }
  Decision Decide(const Credentials& credentials) override;
  void Ask(const Credentials& credentials, Done done) override;
  /// As long as its key is in force.
  bool StillProves(const Identity& identity) override;

 private:
  struct Found {
    std::string token;
    bool in_cookie = false;
  };
  Found Find(const Credentials& credentials) const;
  /// `asked`: the newest keys are there, so an unknown one is wrong.
  Decision Judge(const Found& found, bool asked) const;

  const JwtConfig& config_;
  JwtKeys& keys_;
  Post post_;
  const Clock& clock_;
};

}  // namespace tailrace
