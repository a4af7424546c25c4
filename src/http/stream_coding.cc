#include "http/stream_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace tailrace {
namespace {

constexpr size_t kStoredBelowBytes = 96;  // a block of its own would not be smaller
constexpr size_t kMaxStoredBytes = 65'535;
constexpr size_t kStoredHeadBytes = 5;
constexpr std::string_view kEmptyStoredBlock("\0\0\0\xff\xff", 5);
// What these cost and give: docs/adr/0007.
constexpr int kGzipLevel = 4;
constexpr int kZstdLevel = 1;
constexpr size_t kZstdBlockBytes = 16 << 10;
constexpr size_t kFlushBytes = 16;  // of the flush marker and what bits are left over

void AppendLittleEndian(std::string& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8) out.push_back(static_cast<char>(value));
}

// RFC 1951 §3.2.4, not the last block. The empty one behind them is what a flush of zlib ends with:
// Go's decoder, and so a Caddy that asks for gzip on its own account, shows what it has decoded
// only when it meets one.
void AppendStoredBlocks(std::string& out, std::string_view plain) {
  while (!plain.empty()) {
    const std::string_view block = plain.substr(0, kMaxStoredBytes);
    const auto size = static_cast<uint32_t>(block.size());
    out.push_back('\0');
    AppendLittleEndian(out, size, 2);
    AppendLittleEndian(out, ~size, 2);
    out.append(block);
    plain.remove_prefix(block.size());
  }
  out.append(kEmptyStoredBlock);
}

// One a thread: making one costs more than most parts.
class Deflater {
 public:
  Deflater() {
    CHECK(deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) ==
          Z_OK);
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // False: it would not be smaller than stored blocks; nothing was appended.
  bool Append(std::string& out, std::string_view plain) {
    CHECK(deflateReset(&stream_) == Z_OK && plain.size() <= UINT32_MAX);
    const size_t start = out.size();
    out.resize(start + deflateBound(&stream_, plain.size()) + kFlushBytes);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream_.avail_in = static_cast<uInt>(plain.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + start);
    stream_.avail_out = static_cast<uInt>(out.size() - start);
    CHECK(deflate(&stream_, Z_FULL_FLUSH) == Z_OK);
    CHECK(stream_.avail_in == 0 && stream_.avail_out > 0);
    const size_t size = out.size() - stream_.avail_out - start;
    const size_t blocks = (plain.size() + kMaxStoredBytes - 1) / kMaxStoredBytes;
    const bool pays = size < plain.size() + (blocks + 1) * kStoredHeadBytes;
    out.resize(pays ? start + size : start);
    return pays;
  }

 private:
  z_stream stream_{};
};

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

PlainSum SumOf(std::string_view plain) {
  PlainSum sum;
  sum.crc =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(plain.data()), plain.size()));
  sum.shift = static_cast<uint32_t>(crc32_combine_gen64(static_cast<z_off64_t>(plain.size())));
  sum.bytes = plain.size();
  return sum;
}

PlainSum JoinSums(const PlainSum& first, const PlainSum& second) {
  if (second.bytes == 0) return first;
  PlainSum sum;
  sum.crc = static_cast<uint32_t>(crc32_combine_op(first.crc, second.crc, second.shift));
  sum.bytes = first.bytes + second.bytes;
  return sum;
}

void AppendGzipStart(std::string& out) {
  // Magic, deflate, no flags, no time, no hint, unknown system.
  out.append("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
}

void AppendGzipPart(std::string& out, std::string_view plain) {
  thread_local Deflater deflater;
  const bool tiny = plain.size() < kStoredBelowBytes;
  if (tiny || !deflater.Append(out, plain)) AppendStoredBlocks(out, plain);
}

void AppendGzipEnd(std::string& out, const PlainSum& all) {
  out.append("\x03\x00", 2);  // an empty last block
  AppendLittleEndian(out, all.crc, 4);
  AppendLittleEndian(out, static_cast<uint32_t>(all.bytes), 4);
}

void AppendZstdFrame(std::string& out, std::string_view plain) {
  thread_local std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx());
  ZSTD_CCtx* zstd = context.get();
  CHECK(!ZSTD_isError(ZSTD_CCtx_reset(zstd, ZSTD_reset_session_only)));
  CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, kZstdLevel)));
  CHECK(!ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(zstd, plain.size())));
  const size_t start = out.size();
  const size_t blocks = plain.size() / kZstdBlockBytes + 1;
  out.resize(start + ZSTD_compressBound(plain.size()) + blocks * kFlushBytes);
  ZSTD_outBuffer to{out.data() + start, out.size() - start, 0};
  for (bool more = true; more;) {
    const std::string_view block = plain.substr(0, kZstdBlockBytes);
    plain.remove_prefix(block.size());
    more = !plain.empty();
    ZSTD_inBuffer from{block.data(), block.size(), 0};
    CHECK(ZSTD_compressStream2(zstd, &to, &from, more ? ZSTD_e_flush : ZSTD_e_end) == 0);
  }
  out.resize(start + to.pos);
}

}  // namespace tailrace
