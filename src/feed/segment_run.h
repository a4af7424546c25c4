// SegmentRun: the newest compressed segments of one log in one style.
#pragma once

#include <cstdint>
#include <deque>

#include "feed/segment.h"

namespace tailrace {

/// Each begins where the one before it ends. A segment holds what a turn held when the first viewer
/// asked for it, so that a busy log is compressed in large pieces and a lone line goes at once; all
/// who follow stand at the same borders. One thread.
class SegmentRun {
 public:
  explicit SegmentRun(Style style) : style_(style) {}

  Style style() const { return style_; }
  bool Empty() const { return segments_.empty(); }
  Position begin() const { return segments_.empty() ? 0 : segments_.front()->begin; }
  Position end() const { return segments_.empty() ? 0 : segments_.back()->end; }
  /// Memory of the segments.
  uint64_t Bytes() const { return bytes_; }
  const std::deque<SegmentPtr>& segments() const { return segments_; }

  /// The one that begins at `begin` (and ends at `end`, if that is not 0). Null: there is none.
  const Segment* Find(Position begin, Position end) const;
  /// Takes what begins at end(); anything else begins a new run.
  const Segment* Add(SegmentPtr segment);
  /// Drops those that end at `position` or before it.
  void DropUpTo(Position position);

 private:
  Style style_;
  std::deque<SegmentPtr> segments_;
  uint64_t bytes_ = 0;
};

}  // namespace tailrace
