// Streaming decoders for the content codings of request bodies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/negotiate.h"

namespace tailrace {

/// One body's decoder. One thread. After an error it must not be used again.
class ContentDecoder {
 public:
  virtual ~ContentDecoder() = default;

  /// Takes bytes off the front of `in` and appends at most `room` > 0 decoded bytes to `out`. Call
  /// it again while it returns true: there may be more to come, though `in` may be empty by now.
  /// False: `in` is empty and all of it is decoded.
  /// kInvalid: not that coding; kTooLarge: more than the limit comes out (bombs).
  virtual Result<bool> Decode(std::string_view& in, std::string& out, size_t room) = 0;

  /// The body is complete. kInvalid: it ended inside the coded data, or was empty.
  virtual Result<void> Finish() = 0;
};

/// kGzip (RFC 1952, several members), kZstd (RFC 8878, several frames, windows up to 8 MiB as
/// §3.1.1.1.2 recommends), kIdentity. At most `max_decoded_bytes` come out in all.
std::unique_ptr<ContentDecoder> MakeContentDecoder(ContentCoding coding,
                                                   uint64_t max_decoded_bytes);

}  // namespace tailrace
