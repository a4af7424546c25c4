#include "feed/segment_maker.h"

namespace tailrace {

SegmentPtr SegmentMaker::Make(Style style, std::string_view incarnation, Position begin,
                              Position end, std::span<const ChunkPtr> chunks) {
  if (style.coding != Coding::kIdentity && turn_bytes_ >= sizes_.turn_bytes) {
    refused_ = true;
    return nullptr;
  }
  SegmentPtr segment = MakeSegment(renderer_, style, incarnation, begin, end, chunks);
  if (style.coding != Coding::kIdentity) turn_bytes_ += segment->plain_bytes;
  Count(style, *segment);
  return segment;
}

void SegmentMaker::Count(Style style, const Segment& segment) {
  if (style.coding == Coding::kIdentity) return;
  const size_t coding = IndexOf(style.coding);
  ++costs_.segments[coding];
  costs_.plain_bytes[coding] += segment.plain_bytes;
  costs_.coded_bytes[coding] += segment.Framed(false).size();
  costs_.cpu_ns[coding] += segment.cpu_ns;
}

}  // namespace tailrace
