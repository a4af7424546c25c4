// Where Tailrace may listen without knowing who its clients are. Users, sessions, tokens and
// forward-auth will stand in this module.
#pragma once

#include <string>

#include "base/result.h"

namespace tailrace {

/// Without authentication only this machine may come in, unless the operator said otherwise.
/// kInvalid tells the address and the setting.
Result<void> CheckListenPolicy(bool is_loopback, const std::string& address, bool insecure_no_auth);

}  // namespace tailrace
