#include "access/authenticator_chain.h"

namespace tailrace {

Decision AuthenticatorChain::Decide(const Credentials& credentials, size_t first,
                                    size_t& decided_by) const {
  for (size_t i = first; i < authenticators_.size(); ++i) {
    Decision decision = authenticators_[i]->Decide(credentials);
    if (decision.kind == Decision::Kind::kNotMine) continue;
    decided_by = i;
    return decision;
  }
  decided_by = authenticators_.size();
  return Decision::Is(Anyone());
}

bool AuthenticatorChain::StillHolds(const Identity& identity) const {
  if (!identity.IsSomebody()) return true;
  if (identity.expires && *identity.expires <= clock_->Now()) return false;
  for (const auto& authenticator : authenticators_) {
    if (authenticator->proof() == identity.proof) return authenticator->StillProves(identity);
  }
  return false;
}

}  // namespace tailrace
