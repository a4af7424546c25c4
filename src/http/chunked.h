// ChunkedDecoder: the chunked transfer coding of a request's body, read strictly (RFC 9112 §7.1).
#pragma once

#include <cstdint>
#include <string_view>

namespace tailrace {

struct ChunkedLimits {
  uint32_t extension_bytes = 4096;  ///< Of all chunks of a body together; they are ignored (400).
  uint32_t trailer_bytes = 4096;    ///< Of the trailer section; it is ignored (431).
};

/// Removes the framing. No heap. A value: assign a new one for a new body.
class ChunkedDecoder {
 public:
  enum class Status : uint8_t {
    kMore,      ///< All bytes were consumed, the body goes on.
    kData,      ///< `data` is a part of the body.
    kDone,      ///< The last chunk and the trailers were consumed.
    kBad,       ///< Not chunked coding: 400, and Reason().
    kTooLarge,  ///< Trailers beyond the limit: 431, and Reason().
  };

  /// Takes bytes off the front of `in` up to the next thing to tell. After kDone, kBad and
  /// kTooLarge it must not be called again.
  Status Next(std::string_view& in, std::string_view& data, const ChunkedLimits& limits);

  const char* Reason() const { return reason_; }

 private:
  enum class State : uint8_t {
    kSizeStart,
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,
    kDone,
  };

  static constexpr uint8_t kMaxSizeDigits = 16;  // leading zeros count

  Status Step(unsigned char byte, const ChunkedLimits& limits);
  Status StepSize(unsigned char byte, const ChunkedLimits& limits);
  Status StepTrailer(unsigned char byte, const ChunkedLimits& limits);
  Status Bad(const char* reason);

  uint64_t left_ = 0;  // of this chunk's data
  const char* reason_ = "";
  uint32_t extension_bytes_ = 0;
  uint32_t trailer_bytes_ = 0;
  uint8_t size_digits_ = 0;
  State state_ = State::kSizeStart;
};

}  // namespace tailrace
