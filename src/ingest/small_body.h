// What the small JSON bodies (create, end) have in common: a fixed set of members.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/json_reader.h"

namespace tailrace {

/// Parses an object whose members are all in `known`, none of them twice. Errors are complete.
Result<std::vector<JsonMember>> ReadKnownMembers(JsonReader& reader, std::string_view body,
                                                 std::span<const std::string_view> known);

/// kInvalid: "field "name" reason", with Error::field.
std::unexpected<Error> RefuseField(std::string_view name, const std::string& reason,
                                   ErrorCode code = ErrorCode::kInvalid);

/// A string of at most `max_bytes`; null is refused.
Result<std::string> TakeString(const JsonMember& member, size_t max_bytes);

}  // namespace tailrace
