// Base64 (RFC 4648 §4): the standard alphabet, with padding, without line breaks.
#pragma once

#include <string>
#include <string_view>

namespace tailrace {

/// Appends the encoding of `bytes`.
void AppendBase64(std::string& out, std::string_view bytes);

/// Replaces `out` by the bytes that `text` encodes. False, with `out` unspecified, for anything
/// that AppendBase64 does not write: other characters (§3.3), wrong padding (§3.2), bits behind the
/// last byte that are not zero (§3.5).
[[nodiscard]] bool DecodeBase64(std::string_view text, std::string& out);

}  // namespace tailrace
