#include "http/chunked.h"

#include <algorithm>

#include "http/headers.h"

namespace tailrace {
namespace {

constexpr uint64_t kMaxChunkBytes = (uint64_t{1} << 60) - 1;

int HexDigit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsControl(unsigned char c) {
  return (c < 0x20 && c != '\t') || c == 0x7f;
}

bool IsTokenByte(unsigned char c) {
  const char byte = static_cast<char>(c);
  return IsToken(std::string_view(&byte, 1));
}

}  // namespace

ChunkedDecoder::Status ChunkedDecoder::Next(std::string_view& in, std::string_view& data,
                                            const ChunkedLimits& limits) {
  while (!in.empty()) {
    if (state_ == State::kData) {
      data = in.substr(0, std::min<uint64_t>(left_, in.size()));
      in.remove_prefix(data.size());
      left_ -= data.size();
      if (left_ == 0) state_ = State::kDataCr;
      return Status::kData;
    }
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    const Status status = Step(byte, limits);
    if (status != Status::kMore) return status;
  }
  return Status::kMore;
}

ChunkedDecoder::Status ChunkedDecoder::Step(unsigned char byte, const ChunkedLimits& limits) {
  switch (state_) {
    case State::kDataCr:
      if (byte != '\r') return Bad("a chunk is longer than its size says");
      state_ = State::kDataLf;
      return Status::kMore;
    case State::kDataLf:
      if (byte != '\n') return Bad("a chunk is not followed by CRLF");
      state_ = State::kSizeStart;
      return Status::kMore;
    case State::kSizeStart:
    case State::kSize:
    case State::kExtension:
    case State::kSizeLf:
      return StepSize(byte, limits);
    default:
      return StepTrailer(byte, limits);
  }
}

ChunkedDecoder::Status ChunkedDecoder::StepSize(unsigned char byte, const ChunkedLimits& limits) {
  if (state_ == State::kSizeLf) {
    if (byte != '\n') return Bad("a chunk's size line has a CR without LF");
    state_ = left_ == 0 ? State::kTrailerStart : State::kData;
    return Status::kMore;
  }
  if (state_ == State::kExtension) {
    if (byte == '\r') {
      state_ = State::kSizeLf;
    } else if (IsControl(byte)) {
      return Bad("a chunk's extension has a control character");
    } else if (++extension_bytes_ > limits.extension_bytes) {
      return Bad("the chunks' extensions are too long");
    }
    return Status::kMore;
  }
  const int digit = HexDigit(byte);
  if (digit >= 0) {
    if (size_digits_ == kMaxSizeDigits || left_ > (kMaxChunkBytes >> 4)) {
      return Bad("a chunk's size is too large");
    }
    ++size_digits_;
    left_ = left_ * 16 + static_cast<unsigned>(digit);
    state_ = State::kSize;
    return Status::kMore;
  }
  if (state_ == State::kSizeStart) return Bad("a chunk's size is not a hexadecimal number");
  if (byte != '\r' && byte != ';') return Bad("a chunk's size is not a hexadecimal number");
  size_digits_ = 0;
  state_ = byte == '\r' ? State::kSizeLf : State::kExtension;
  return Status::kMore;
}

ChunkedDecoder::Status ChunkedDecoder::StepTrailer(unsigned char byte,
                                                   const ChunkedLimits& limits) {
  if (state_ == State::kLastLf) {
    if (byte != '\n') return Bad("the body's last line has a CR without LF");
    state_ = State::kDone;
    return Status::kDone;
  }
  if (state_ == State::kTrailerLf) {
    if (byte != '\n') return Bad("a trailer field has a CR without LF");
    state_ = State::kTrailerStart;
    return Status::kMore;
  }
  if (state_ == State::kTrailerStart && byte == '\r') {
    state_ = State::kLastLf;
    return Status::kMore;
  }
  if (++trailer_bytes_ > limits.trailer_bytes) {
    reason_ = "the trailer section is too long";
    return Status::kTooLarge;
  }
  if (state_ == State::kTrailerValue) {
    if (byte == '\r') {
      state_ = State::kTrailerLf;
    } else if (IsControl(byte)) {
      return Bad("a trailer field has a control character");
    }
    return Status::kMore;
  }
  if (state_ == State::kTrailerName && byte == ':') {
    state_ = State::kTrailerValue;
    return Status::kMore;
  }
  if (!IsTokenByte(byte)) return Bad("a trailer field's name is not a token");
  state_ = State::kTrailerName;
  return Status::kMore;
}

ChunkedDecoder::Status ChunkedDecoder::Bad(const char* reason) {
  reason_ = reason;
  return Status::kBad;
}

}  // namespace tailrace
