#include "feed/segment_run.h"

#include <algorithm>

namespace tailrace {

const Segment* SegmentRun::Find(Position begin, Position end) const {
  if (begin < this->begin() || begin >= this->end()) return nullptr;
  const auto found = std::ranges::lower_bound(
      segments_, begin, {}, [](const SegmentPtr& segment) { return segment->begin; });
  if (found == segments_.end() || (*found)->begin != begin) return nullptr;
  return end == 0 || (*found)->end == end ? found->get() : nullptr;
}

const Segment* SegmentRun::Add(SegmentPtr segment) {
  if (segment->begin != end()) {
    segments_.clear();
    bytes_ = 0;
  }
  bytes_ += segment->bytes.size();
  return segments_.emplace_back(std::move(segment)).get();
}

void SegmentRun::DropUpTo(Position position) {
  while (!segments_.empty() && segments_.front()->end <= position) {
    bytes_ -= segments_.front()->bytes.size();
    segments_.pop_front();
  }
}

}  // namespace tailrace
