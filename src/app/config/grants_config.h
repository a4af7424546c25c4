// [[grant]] of tailrace.toml: who may do what with which logs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/grants.h"
#include "base/result.h"

namespace tailrace {

/// kInvalid: a syntax error, an unknown or missing field or a value of a wrong kind, with
/// `file_name`, line and field.
Result<std::vector<Grant>> ReadTomlGrants(std::string_view text, const std::string& file_name);

/// As TOML that tailrace.toml could have; a comment says from where.
std::string PrintGrants(const std::vector<Grant>& grants);

}  // namespace tailrace
