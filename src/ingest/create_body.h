// The body of PUT /api/v1/logs/{type}/{id}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/log_info.h"

namespace tailrace {

struct CreateBody {
  std::optional<std::string> title;
  std::optional<Labels> labels;
};

/// `{"title":…, "labels":{name: value, …}}`, both optional; an empty body says neither. Limits of
/// log/log_info.h. kInvalid or kTooLarge with Error::field; an unknown member is an error that
/// names the nearest known one.
Result<CreateBody> ParseCreateBody(std::string_view body);

}  // namespace tailrace
