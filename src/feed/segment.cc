#include "feed/segment.h"

#include "base/check.h"
#include "base/time.h"

namespace tailrace {
namespace {

// Eight hexadecimal digits (leading zeros are allowed) and CR LF: the payload can be rendered
// behind a size line that is filled in afterwards.
constexpr std::string_view kSizeLine = "00000000\r\n";
constexpr size_t kSizeLineBytes = kSizeLine.size();
constexpr std::string_view kLineEnd = "\r\n";
constexpr size_t kKeptScratchBytes = 1 << 20;  // of a thread; a rare large segment gives it back

void FillSizeLine(char* line, size_t size) {
  static constexpr char kHex[] = "0123456789abcdef";
  CHECK(size <= UINT32_MAX);
  for (int digit = 7; digit >= 0; --digit, size >>= 4) line[digit] = kHex[size & 15];
}

void Reuse(std::string& scratch) {
  if (scratch.capacity() > kKeptScratchBytes) scratch = {};
  scratch.clear();
}

void FillCoded(const SegmentRenderer& renderer, Style style, std::string_view incarnation,
               std::span<const ChunkPtr> chunks, Segment& segment) {
  thread_local std::string plain;
  thread_local std::string coded;
  Reuse(plain);
  Reuse(coded);
  renderer.Render(style.format, incarnation, segment.begin, segment.end, chunks, plain);
  const uint64_t start_ns = ThreadCpuNs();
  renderer.AppendPart(style.coding, plain, coded);
  if (style.coding == Coding::kGzip) segment.sum = renderer.Sum(plain);
  segment.cpu_ns = ThreadCpuNs() - start_ns;
  segment.plain_bytes = plain.size();
  // Exactly what is needed: thousands of these are kept.
  segment.bytes.reserve(kSizeLine.size() + coded.size() + kLineEnd.size());
  segment.bytes.append(kSizeLine).append(coded);
}

}  // namespace

std::string_view Segment::Framed(bool chunked) const {
  const std::string_view all = bytes;
  if (chunked) return all;
  return all.substr(kSizeLineBytes, all.size() - kSizeLineBytes - kLineEnd.size());
}

void SegmentRenderer::AppendPart(Coding coding, std::string_view plain, std::string& out) const {
  CHECK(coding == Coding::kIdentity);
  out.append(plain);
}

SegmentPtr MakeSegment(const SegmentRenderer& renderer, Style style, std::string_view incarnation,
                       Position begin, Position end, std::span<const ChunkPtr> chunks) {
  CHECK(begin < end && !chunks.empty());
  CHECK(chunks.front()->begin <= begin && chunks.back()->end >= end);
  auto segment = std::make_shared<Segment>();
  segment->begin = begin;
  segment->end = end;
  if (style.coding == Coding::kIdentity) {
    segment->bytes = kSizeLine;
    renderer.Render(style.format, incarnation, begin, end, chunks, segment->bytes);
    segment->plain_bytes = segment->bytes.size() - kSizeLineBytes;
  } else {
    FillCoded(renderer, style, incarnation, chunks, *segment);
  }
  CHECK(segment->bytes.size() > kSizeLineBytes);  // nothing would be the last chunk, §7.1
  FillSizeLine(segment->bytes.data(), segment->bytes.size() - kSizeLineBytes);
  segment->bytes.append(kLineEnd);
  return segment;
}

void AppendHttpChunk(std::string& out, std::string_view payload) {
  CHECK(!payload.empty());
  const size_t start = out.size();
  out.append(kSizeLine).append(payload).append(kLineEnd);
  FillSizeLine(out.data() + start, payload.size());
}

}  // namespace tailrace
