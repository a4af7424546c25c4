#include "feed/segment.h"

#include "base/check.h"

namespace tailrace {
namespace {

// Eight hexadecimal digits (leading zeros are allowed) and CR LF: the payload can be rendered
// behind a size line that is filled in afterwards.
constexpr size_t kSizeLineBytes = 10;
constexpr std::string_view kLineEnd = "\r\n";

void FillSizeLine(char* line, size_t size) {
  static constexpr char kHex[] = "0123456789abcdef";
  CHECK(size <= UINT32_MAX);
  for (int digit = 7; digit >= 0; --digit, size >>= 4) line[digit] = kHex[size & 15];
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
  segment->bytes = "00000000\r\n";
  if (style.coding == Coding::kIdentity) {
    renderer.Render(style.format, incarnation, begin, end, chunks, segment->bytes);
  } else {
    std::string plain;
    renderer.Render(style.format, incarnation, begin, end, chunks, plain);
    renderer.AppendPart(style.coding, plain, segment->bytes);
    if (style.coding == Coding::kGzip) segment->sum = renderer.Sum(plain);
  }
  CHECK(segment->bytes.size() > kSizeLineBytes);  // nothing would be the last chunk, §7.1
  FillSizeLine(segment->bytes.data(), segment->bytes.size() - kSizeLineBytes);
  segment->bytes.append(kLineEnd);
  return segment;
}

void AppendHttpChunk(std::string& out, std::string_view payload) {
  CHECK(!payload.empty());
  const size_t start = out.size();
  out.append("00000000\r\n").append(payload).append(kLineEnd);
  FillSizeLine(out.data() + start, payload.size());
}

}  // namespace tailrace
