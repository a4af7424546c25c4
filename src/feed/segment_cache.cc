#include "feed/segment_cache.h"

namespace tailrace {

const Segment* SegmentCache::Find(uint64_t log_number, Style style, Position begin, Position end) {
  const Position longest = end == 0 ? UINT64_MAX : end;
  const auto behind = index_.upper_bound(Key(log_number, style, begin, longest));
  if (behind == index_.begin()) return nullptr;
  const Items::iterator item = std::prev(behind)->second;
  const Position wanted_end = end == 0 ? item->segment->end : end;
  if (item->key != Key(log_number, style, begin, wanted_end)) return nullptr;
  items_.splice(items_.begin(), items_, item);
  return item->segment.get();
}

const Segment* SegmentCache::Insert(uint64_t log_number, Style style, SegmentPtr segment) {
  const Key key(log_number, style, segment->begin, segment->end);
  if (const Segment* held = Find(log_number, style, segment->begin, segment->end)) return held;
  bytes_ += segment->bytes.size();
  items_.push_front({key, std::move(segment)});
  index_[key] = items_.begin();
  return items_.front().segment.get();
}

void SegmentCache::Drop(uint64_t log_number, Style style, const Segment& segment) {
  const auto found = index_.find(Key(log_number, style, segment.begin, segment.end));
  if (found == index_.end()) return;
  bytes_ -= found->second->segment->bytes.size();
  items_.erase(found->second);
  index_.erase(found);
}

void SegmentCache::Trim() {
  while (bytes_ > limit_bytes_) {
    bytes_ -= items_.back().segment->bytes.size();
    index_.erase(items_.back().key);
    items_.pop_back();
  }
}

}  // namespace tailrace
