// Where Tailrace may listen without knowing who its clients are.
#pragma once

#include <string>

#include "base/result.h"

namespace tailrace {

/// Without access control only this machine may come in, unless the operator said otherwise.
/// kInvalid tells the address and the settings.
Result<void> CheckListenPolicy(bool is_loopback, const std::string& address, bool access_enabled,
                               bool insecure_no_auth);

}  // namespace tailrace
