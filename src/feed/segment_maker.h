// SegmentMaker: makes the segments of one worker, counts what they cost and bounds it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "feed/segment.h"

namespace tailrace {

/// Of compressed segments, by coding.
struct SegmentCosts {
  std::array<uint64_t, kCodings> segments{};
  std::array<uint64_t, kCodings> plain_bytes{};
  std::array<uint64_t, kCodings> coded_bytes{};
  std::array<uint64_t, kCodings> cpu_ns{};
};

/// How compressed segments are cut (docs/adr/0007).
struct CodedSizes {
  uint64_t run_bytes = 64 << 10;    ///< A turn's segment takes chunks until it has so many; not 0.
  uint64_t small_bytes = 4 << 10;   ///< Segments below it lose by standing alone.
  uint64_t unit_bytes = 16 << 10;   ///< Whoever is behind gets one for each so many of text.
  uint64_t turn_bytes = 256 << 10;  ///< What is beyond it is compressed in the next turn, so that
                                    ///< other logs and requests need not wait.
};

/// On the worker's thread; what is read from the store is made on the reader pool and only counted.
class SegmentMaker {
 public:
  explicit SegmentMaker(const SegmentRenderer& renderer, const CodedSizes& sizes = {})
      : renderer_(renderer), sizes_(sizes) {}

  const CodedSizes& sizes() const { return sizes_; }
  void BeginTurn() { turn_bytes_ = 0; }
  /// As MakeSegment. Null: enough was compressed in this turn.
  SegmentPtr Make(Style style, std::string_view incarnation, Position begin, Position end,
                  std::span<const ChunkPtr> chunks);
  /// Whether Make has returned null since this was asked last.
  bool TakeRefusal() { return std::exchange(refused_, false); }
  /// One that was made on the reader pool.
  void Count(Style style, const Segment& segment);
  const SegmentCosts& costs() const { return costs_; }

 private:
  const SegmentRenderer& renderer_;
  const CodedSizes sizes_;
  SegmentCosts costs_;
  uint64_t turn_bytes_ = 0;
  bool refused_ = false;
};

}  // namespace tailrace
