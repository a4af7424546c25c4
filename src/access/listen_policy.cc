#include "access/listen_policy.h"

namespace tailrace {

Result<void> CheckListenPolicy(bool is_loopback, const std::string& address,
                               bool insecure_no_auth) {
  if (is_loopback || insecure_no_auth) return {};
  return FailField(ErrorCode::kInvalid, "listen",
                   "listen: " + address +
                       " can be reached from other machines, and there is no authentication yet; "
                       "listen on 127.0.0.1 behind a proxy, or say --insecure-no-auth");
}

}  // namespace tailrace
