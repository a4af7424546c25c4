// What a client accepts: media types (Accept) and codings (Accept-Encoding), RFC 9110 §12.5.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/headers.h"

namespace tailrace {

enum class ContentCoding : uint8_t { kIdentity, kGzip, kZstd };

/// "identity", "gzip", "zstd".
std::string_view ContentCodingName(ContentCoding coding);

/// Index of the offer that the client likes best; the first one among equals, and if it did not
/// say (no Accept, or none that can be read). Nothing: it accepts none of them (406, or the first
/// one regardless). An offer is "type/subtype", without parameters.
/// The most specific range that fits an offer gives its weight (RFC 9110 §12.5.1).
std::optional<size_t> NegotiateMediaType(const Headers& headers,
                                         std::span<const std::string_view> offers);

/// Of an answer that is joined from parts (http/stream_coding.h): gzip or zstd if the client likes
/// it as well as the plain form, which is better than no answer (RFC 9110 §12.5.3). "*" stands for
/// the codings that are not named, "x-gzip" for gzip. Many decoders outside of browsers stop behind
/// the first zstd frame, so zstd is for browsers, and for who knows nothing else.
ContentCoding ChooseJoinedCoding(const Headers& headers);

/// Of an answer that is there in plain form and as gzip.
bool AcceptsGzip(const Headers& headers);

/// The coding of a request's body. Nothing: one that we do not decode, or more than one (415,
/// with kAcceptedContentCodings as its Accept-Encoding).
std::optional<ContentCoding> ParseContentEncoding(const Headers& headers);
inline constexpr std::string_view kAcceptedContentCodings = "gzip, zstd";

}  // namespace tailrace
