#include "bench/load/body_decoder.h"

#include <zlib.h>
#include <zstd.h>

#include <array>

namespace tailrace::bench {
namespace {

constexpr size_t kStepBytes = 32 << 10;

// One member, as browsers read it: what stands behind its trailer is damage.
class Gzip final : public BodyDecoder {
 public:
  Gzip() { inflateInit2(&stream_, 15 + 16); }  // window bits; 16: gzip's frame
  ~Gzip() override { inflateEnd(&stream_); }

  bool Decode(std::string_view bytes, std::string& out) override {
    std::array<char, kStepBytes> step;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      if (ended_) return stream_.avail_in == 0;
      stream_.next_out = reinterpret_cast<Bytef*>(step.data());
      stream_.avail_out = kStepBytes;
      const int result = inflate(&stream_, Z_SYNC_FLUSH);
      ended_ = result == Z_STREAM_END;
      if (result != Z_OK && result != Z_BUF_ERROR && !ended_) return false;
      out.append(step.data(), kStepBytes - stream_.avail_out);
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return true;
  }
  bool AtEnd() const override { return ended_; }

 private:
  z_stream stream_{};
  bool ended_ = false;
};

class Zstd final : public BodyDecoder {
 public:
  Zstd() {
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 23);  // RFC 9659: 8 MB
  }
  ~Zstd() override { ZSTD_freeDCtx(stream_); }

  bool Decode(std::string_view bytes, std::string& out) override {
    std::array<char, kStepBytes> step;
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer to{};
    do {
      to = {step.data(), step.size(), 0};
      const size_t left = ZSTD_decompressStream(stream_, &to, &in);
      if (ZSTD_isError(left) != 0) return false;
      between_frames_ = left == 0;
      out.append(step.data(), to.pos);
    } while (in.pos < in.size || (to.pos == to.size && !between_frames_));
    return true;
  }
  bool AtEnd() const override { return between_frames_; }

 private:
  ZSTD_DCtx* stream_ = ZSTD_createDCtx();
  bool between_frames_ = true;
};

}  // namespace

std::unique_ptr<BodyDecoder> BodyDecoder::For(std::string_view coding) {
  if (coding == "gzip") return std::make_unique<Gzip>();
  if (coding == "zstd") return std::make_unique<Zstd>();
  return nullptr;
}

}  // namespace tailrace::bench
