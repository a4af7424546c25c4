#include "access/listen_policy.h"

namespace tailrace {

Result<void> CheckListenPolicy(bool is_loopback, const std::string& address, bool access_enabled,
                               bool insecure_no_auth) {
  if (is_loopback || access_enabled || insecure_no_auth) return {};
  return FailField(ErrorCode::kInvalid, "listen",
                   "listen: " + address +
                       " can be reached from other machines, and everybody may do everything; say "
                       "who may do what (access.enabled, docs/access.md), listen on 127.0.0.1, or "
                       "say --insecure-no-auth");
}

}  // namespace tailrace
