// SegmentCache: the rendered segments of viewers that catch up, shared and bounded.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <tuple>

#include "feed/segment.h"

namespace tailrace {

/// Least recently used goes first. A viewer holds no segment: it asks again by its cursor, so what
/// a million stalled viewers cost is this cache's limit and no more. One thread.
class SegmentCache {
 public:
  explicit SegmentCache(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// The longest segment that begins at `begin`; if `end` is not 0, the one that ends there. Null:
  /// not here. Valid until the next Trim.
  const Segment* Find(uint64_t log_number, Style style, Position begin, Position end);
  /// Keeps it, or the equal one that is here already.
  const Segment* Insert(uint64_t log_number, Style style, SegmentPtr segment);
  /// Nobody will ask for it again.
  void Drop(uint64_t log_number, Style style, const Segment& segment);
  /// Once a turn, when nobody holds a pointer: down to the limit.
  void Trim();

  uint64_t Bytes() const { return bytes_; }

 private:
  using Key = std::tuple<uint64_t, Style, Position, Position>;
  struct Item {
    Key key;
    SegmentPtr segment;
  };
  using Items = std::list<Item>;  // front: used last

  uint64_t limit_bytes_;
  uint64_t bytes_ = 0;
  Items items_;
  std::map<Key, Items::iterator> index_;
};

}  // namespace tailrace
