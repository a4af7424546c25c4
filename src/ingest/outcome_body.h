// The body of POST /api/v1/logs/{type}/{id}/end.
#pragma once

#include <string_view>

#include "base/result.h"
#include "log/log_info.h"

namespace tailrace {

/// `{"outcome":"succeeded", "exit_code":0, "reason":…}`; only `outcome` is required, null is the
/// same as absent for the others. kInvalid or kTooLarge with Error::field; an unknown member is an
/// error that names the nearest known one.
Result<Outcome> ParseOutcomeBody(std::string_view body);

}  // namespace tailrace
