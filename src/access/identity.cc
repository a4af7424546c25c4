#include "access/identity.h"

namespace tailrace {

std::string_view ProofName(Proof proof) {
  switch (proof) {
    case Proof::kNone:
      return "none";
    case Proof::kSession:
      return "session";
    case Proof::kToken:
      return "token";
    case Proof::kForwardAuth:
      return "forward-auth";
    case Proof::kProxyHeaders:
      return "proxy-headers";
    case Proof::kJwt:
      return "jwt";
    case Proof::kLink:
      return "link";
  }
  return "none";
}

IdentityPtr Anyone() {
  static const IdentityPtr kAnyone = std::make_shared<const Identity>();
  return kAnyone;
}

}  // namespace tailrace
