// What a request's head must say, whatever protocol brought it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"

namespace tailrace {

/// Why a head is refused.
struct HeadFault {
  int status = 400;
  std::string reason;  ///< For people.
};

/// host [":" port], stricter than RFC 3986 §3.2.2: names have no sub-delims such as ','.
bool IsHost(std::string_view text);

/// What a message repeats of a client's bytes, which are visible ASCII.
std::string QuoteShort(std::string_view text);

/// Fills target, path, query, and host of an absolute target. `head.method` is set.
std::optional<HeadFault> ReadTarget(std::string_view target, RequestHead& head);

/// Fills content_length from the fields.
std::optional<HeadFault> ReadContentLength(uint64_t limit, RequestHead& head);

/// `Expect: 100-continue` (RFC 9110 §10.1.1). Whether there is a body is known.
bool ExpectsContinue(const RequestHead& head);

}  // namespace tailrace
