// AuthenticatorChain: the authenticators of one worker, in the order in which they are asked.
#pragma once

#include <memory>
#include <vector>

#include "access/authenticator.h"
#include "base/time.h"

namespace tailrace {

/// One thread.
class AuthenticatorChain {
 public:
  /// `clock` outlives it.
  explicit AuthenticatorChain(const Clock& clock = Clock::System()) : clock_(&clock) {}

  void Add(std::unique_ptr<Authenticator> authenticator) {
    authenticators_.push_back(std::move(authenticator));
  }

  /// The first decision of authenticators[first…] that is not kNotMine; if there is none, anyone.
  /// `decided_by` is whose it is: with kMustAsk, Ask it.
  Decision Decide(const Credentials& credentials, size_t first, size_t& decided_by) const;
  /// As Authenticator::Ask. If it comes back with kNotMine, Decide goes on at `index` + 1.
  void Ask(size_t index, const Credentials& credentials, Authenticator::Done done) const {
    authenticators_[index]->Ask(credentials, std::move(done));
  }
  /// Not expired, and still proven by the authenticator that gave it.
  bool StillHolds(const Identity& identity) const;

 private:
  const Clock* clock_;
  std::vector<std::unique_ptr<Authenticator>> authenticators_;
};

}  // namespace tailrace
