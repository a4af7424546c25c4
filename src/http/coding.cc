#include "http/coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "base/check.h"

namespace tailrace {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;  // inflateInit2: gzip header and trailer demanded
constexpr int kZstdWindowLog = 23;         // 8 MiB
constexpr size_t kMaxStep = 1 << 30;       // zlib counts in 32 bits

// Counts what came out; the decoders fill `out` through Room() and Grown().
class LimitedDecoder : public ContentDecoder {
 public:
  explicit LimitedDecoder(uint64_t max_decoded_bytes) : left_(max_decoded_bytes) {}

  Result<bool> Decode(std::string_view& in, std::string& out, size_t room) final {
    CHECK(room > 0);
    // One byte beyond the limit shows that there is more than the limit.
    const size_t step = static_cast<size_t>(
        std::min<uint64_t>({room, left_ == UINT64_MAX ? left_ : left_ + 1, kMaxStep}));
    const size_t before = out.size();
    out.resize(before + step);
    size_t produced = 0;
    Result<void> result = Step(in, out.data() + before, step, produced);
    out.resize(before + std::min<uint64_t>(produced, left_));
    if (!result) return Fail(std::move(result.error()));
    if (produced > left_) {
      return Fail(ErrorCode::kTooLarge, "the decoded body is larger than its limit");
    }
    left_ -= produced;
    return produced == step || !in.empty();
  }

 protected:
  /// Takes from `in` (all of it, unless `size` bytes were written to `to`).
  virtual Result<void> Step(std::string_view& in, char* to, size_t size, size_t& produced) = 0;

 private:
  uint64_t left_;
};

class IdentityDecoder final : public LimitedDecoder {
 public:
  using LimitedDecoder::LimitedDecoder;
  Result<void> Finish() override { return {}; }

 protected:
  Result<void> Step(std::string_view& in, char* to, size_t size, size_t& produced) override {
    produced = in.copy(to, size);
    in.remove_prefix(produced);
    return {};
  }
};

class GzipDecoder final : public LimitedDecoder {
 public:
  explicit GzipDecoder(uint64_t max_decoded_bytes) : LimitedDecoder(max_decoded_bytes) {
    CHECK(inflateInit2(&stream_, kGzipOnly) == Z_OK);
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  Result<void> Finish() override {
    if (!member_done_) return Fail(ErrorCode::kInvalid, "the gzip body ends too early");
    return {};
  }

 protected:
  Result<void> Step(std::string_view& in, char* to, size_t size, size_t& produced) override {
    while (produced < size) {
      if (member_done_) {
        if (in.empty()) return {};
        inflateReset(&stream_);
        member_done_ = false;
      }
      const size_t offered = std::min(in.size(), kMaxStep);
      // zlib does not write to its input, though its interface does not say so.
      stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
      stream_.avail_in = static_cast<uInt>(offered);
      stream_.next_out = reinterpret_cast<Bytef*>(to + produced);
      stream_.avail_out = static_cast<uInt>(size - produced);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      in.remove_prefix(offered - stream_.avail_in);
      produced = size - stream_.avail_out;
      if (result == Z_STREAM_END) {
        member_done_ = true;
      } else if (result == Z_BUF_ERROR) {
        return {};  // nothing to do without more input
      } else if (result != Z_OK) {
        return Fail(ErrorCode::kInvalid, std::string("the body is not gzip: ") +
                                             (stream_.msg != nullptr ? stream_.msg : "bad data"));
      }
    }
    return {};
  }

 private:
  z_stream stream_{};
  bool member_done_ = false;
};

class ZstdDecoder final : public LimitedDecoder {
 public:
  explicit ZstdDecoder(uint64_t max_decoded_bytes)
      : LimitedDecoder(max_decoded_bytes), context_(ZSTD_createDCtx()) {
    CHECK(context_ != nullptr);
    CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLog)));
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  Result<void> Finish() override {
    if (!frame_done_) return Fail(ErrorCode::kInvalid, "the zstd body ends too early");
    return {};
  }

 protected:
  Result<void> Step(std::string_view& in, char* to, size_t size, size_t& produced) override {
    ZSTD_inBuffer source{in.data(), in.size(), 0};
    ZSTD_outBuffer target{to, size, 0};
    // Between frames an empty call would begin another frame, which Finish would miss.
    while (target.pos < size && (source.pos < source.size || !frame_done_)) {
      const size_t in_before = source.pos;
      const size_t out_before = target.pos;
      if (!LookAtMagic(in.substr(source.pos))) {
        produced = target.pos;
        return Fail(ErrorCode::kInvalid, "the body is not zstd: unknown frame");
      }
      const size_t hint = ZSTD_decompressStream(context_, &target, &source);
      if (ZSTD_isError(hint)) {
        produced = target.pos;
        return Fail(ErrorCode::kInvalid,
                    std::string("the body is not zstd: ") + ZSTD_getErrorName(hint));
      }
      frame_done_ = hint == 0;
      frame_pos_ += source.pos - in_before;
      if (frame_done_) frame_pos_ = magic_bytes_ = magic_ = 0;
      if (source.pos == in_before && target.pos == out_before) break;
    }
    produced = target.pos;
    in.remove_prefix(source.pos);
    return {};
  }

 private:
  // Whether the frame may be one of RFC 8878, 3.1. Debian's libzstd also reads older formats, whose
  // decoders see other errors when the same bytes come in other pieces.
  bool LookAtMagic(std::string_view rest) {
    constexpr uint32_t kMagic = 0xFD2FB528;
    constexpr uint32_t kSkippable = 0x184D2A50;  // and the 15 that follow
    for (size_t i = magic_bytes_ - frame_pos_; magic_bytes_ < sizeof(magic_) && i < rest.size();
         ++i) {
      magic_ |= uint32_t{static_cast<uint8_t>(rest[i])} << (8 * magic_bytes_++);
    }
    return magic_bytes_ < sizeof(magic_) || magic_ == kMagic || (magic_ & ~0xFu) == kSkippable;
  }

  ZSTD_DCtx* context_;
  bool frame_done_ = false;
  size_t frame_pos_ = 0;    ///< Bytes of the frame that the decoder took.
  size_t magic_bytes_ = 0;  ///< How many of them are in magic_, which may be ahead of it.
  uint32_t magic_ = 0;
};

}  // namespace

std::unique_ptr<ContentDecoder> MakeContentDecoder(ContentCoding coding,
                                                   uint64_t max_decoded_bytes) {
  switch (coding) {
    case ContentCoding::kGzip:
      return std::make_unique<GzipDecoder>(max_decoded_bytes);
    case ContentCoding::kZstd:
      return std::make_unique<ZstdDecoder>(max_decoded_bytes);
    case ContentCoding::kIdentity:
      break;
  }
  return std::make_unique<IdentityDecoder>(max_decoded_bytes);
}

}  // namespace tailrace
