#include "feed/segment_cache.h"

namespace tailrace {

const Segment* SegmentCache::Find(uint64_t log_number, Format format, Position begin,
                                  Position end) {
  const auto found = index_.find(Key(log_number, begin, format));
  if (found == index_.end()) return nullptr;
  const Segment* segment = found->second->segment.get();
  if (end != 0 && segment->end != end) return nullptr;
  items_.splice(items_.begin(), items_, found->second);
  return segment;
}

const Segment* SegmentCache::Insert(uint64_t log_number, Format format, SegmentPtr segment) {
  const Key key(log_number, segment->begin, format);
  if (const auto old = index_.find(key); old != index_.end()) {
    bytes_ -= old->second->segment->bytes.size();
    replaced_.splice(replaced_.begin(), items_, old->second);
  }
  bytes_ += segment->bytes.size();
  items_.push_front({key, std::move(segment)});
  index_[key] = items_.begin();
  return items_.front().segment.get();
}

void SegmentCache::Trim() {
  replaced_.clear();
  while (bytes_ > limit_bytes_) {
    bytes_ -= items_.back().segment->bytes.size();
    index_.erase(items_.back().key);
    items_.pop_back();
  }
}

}  // namespace tailrace
