// Text as it comes from outside: UTF-8 repair and JSON strings. All functions are linear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace {

/// Length of the well-formed UTF-8 sequence at the front of `text` (Unicode 15, table 3-7), or 0
/// if the bytes there are ill-formed. `text` is not empty.
size_t ValidUtf8Length(std::string_view text);

/// Whether all of `text` is well-formed UTF-8.
bool IsValidUtf8(std::string_view text);

/// How many bytes at the front of `text` to replace by one U+FFFD (the maximal subpart of an
/// ill-formed sequence, as the WHATWG Encoding Standard's decoder does). `text` starts ill-formed.
size_t IllFormedUtf8Length(std::string_view text);

/// Appends `text` with every ill-formed part replaced by U+FFFD.
void AppendValidUtf8(std::string& out, std::string_view text);

/// Appends `text` as a JSON string with its quotes (RFC 8259 §7); ill-formed UTF-8 becomes U+FFFD.
/// U+2028/2029 stay as they are. The result has no CR, LF or NUL in it, so it fits one SSE line.
void AppendJsonString(std::string& out, std::string_view text);

/// Appends the number in decimal digits, without a string of its own.
void AppendDecimal(std::string& out, uint64_t value);

/// Decimal digits only, no sign, no blank, fits 64 bits; otherwise nothing.
std::optional<uint64_t> ParseDecimal(std::string_view text);

/// Edits (insert, delete, replace, swap of neighbours count 1) between two names; for "did you
/// mean".
size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace tailrace
