// Content codings of answers that end: pages, lists, downloads. Streams: feed/segment.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/negotiate.h"
#include "server/answer.h"

namespace tailrace {

/// Smaller bodies fit into one packet anyway.
inline constexpr uint64_t kMinCodedBytes = 1024;

/// The coding of a body of so many plain bytes; absent: not known.
ContentCoding CodingOfBody(ContentCoding preferred, std::optional<uint64_t> bytes);

/// The tag of the coded form: a strong tag names exactly these bytes (RFC 9110 §8.8.3.3). A weak
/// one stays.
std::string CodedEtag(std::string_view etag, ContentCoding coding);

/// Compresses the body of a 200 unless it is small, a source piece by piece as it is read, and says
/// so; Vary is told in any case. On the reader pool: a body takes time.
Answer EncodeAnswer(Answer answer, ContentCoding preferred);

}  // namespace tailrace
