// Feed: what one worker knows of one log that it has viewers for.
#pragma once

#include <array>
#include <deque>
#include <list>
#include <memory>
#include <optional>

#include "feed/segment.h"
#include "feed/segment_cache.h"
#include "feed/segment_maker.h"
#include "feed/segment_run.h"
#include "feed/viewer.h"
#include "log/log_info.h"
#include "store/log_store.h"

namespace tailrace {

/// The log's state, its newest chunks and their rendered segments. Knowledge only grows: commits
/// and look-ups may come in any order and say the same positions, so whatever is older changes
/// nothing. One thread.
class Feed {
 public:
  Feed(LogKey key, uint64_t serial) : key_(std::move(key)), serial_(serial) {}

  const LogKey& key() const { return key_; }
  /// Tells this feed from an earlier one of the same key, when an answer comes back late.
  uint64_t serial() const { return serial_; }

  /// Null: the log does not exist, as far as is known.
  const LogInfo* info() const { return info_ ? &*info_ : nullptr; }
  /// Which incarnation that is; 0: none.
  uint64_t number() const { return info_ ? info_->number : 0; }
  Position head() const { return info_ ? info_->position : 0; }

  /// True: something new.
  bool Learn(const LogInfo& info);
  /// True: the log that was known is gone now.
  bool LearnRemoved(uint64_t number);
  /// Takes the chunks of a commit that Learn or LearnRemoved was told of.
  void AddChunks(const std::vector<ChunkPtr>& chunks);

  /// The segment to send to a viewer that stands at `begin` (and must end at `end` if that is not
  /// 0), from the newest chunks or from `cache`. Null: it must be read from the store. Valid until
  /// the cache is trimmed or chunks are added or dropped; or `maker` refuses.
  const Segment* Find(SegmentMaker& maker, SegmentCache& cache, Style style, Position begin,
                      Position end);

  /// Lets `cache` share the segments of the newest chunks.
  void KeepSegments(SegmentCache& cache) const;

  /// Memory of the newest chunks and their segments.
  uint64_t WindowBytes() const { return window_bytes_; }
  /// Drops the oldest chunks until the rest fits; nobody may hold a segment of Find.
  void ShrinkWindow(uint64_t limit_bytes);

 private:
  friend class FeedTable;

  struct WindowChunk {
    ChunkPtr chunk;
    std::array<SegmentPtr, kFormats> segments;  // not compressed
  };

  size_t FindInWindow(Position position) const;
  const Segment* FindCoded(SegmentMaker& maker, SegmentCache& cache, Style style, Position begin,
                           Position end);
  const Segment* AddToRun(SegmentMaker& maker, SegmentRun& run, Style style, Position begin,
                          size_t place);
  Position UnitEnd(size_t place, uint64_t unit_bytes) const;
  SegmentPtr MakeFromWindow(SegmentMaker& maker, Style style, Position begin, Position end,
                            size_t place) const;
  SegmentRun& RunOf(Style style);
  void DropWindow();

  LogKey key_;
  uint64_t serial_;
  std::optional<LogInfo> info_;
  uint64_t removed_number_ = 0;  // incarnations up to this one are gone
  std::deque<WindowChunk> window_;
  std::array<std::unique_ptr<SegmentRun>, kFormats*(kCodings - 1)> runs_;  // of the window
  uint64_t window_bytes_ = 0;

  // FeedTable's book-keeping.
  ViewerList waiting_;
  ViewerList following_;
  size_t viewers_ = 0;           // in whatever state
  uint64_t followed_since_ = 0;  // the hub's batch before which it was told to others only
  uint64_t look_ups_started_ = 0;
  uint64_t look_ups_pending_ = 0;
  uint64_t known_since_ = 0;    // look-ups that were started before number() was known
  uint64_t looked_up_ = 0;      // the newest look-up that was answered; 0: nothing is certain
  uint64_t found_ = 0;          // the newest look-up that found the log
  bool dirty_ = false;          // in FeedTable::dirty_
  bool dirty_again_ = false;    // something new came while a pass was under way
  size_t pass_left_ = 0;        // following_[0, pass_left_) have their turn still before them
  uint64_t counted_bytes_ = 0;  // of the window, in FeedStats::window_bytes
  bool touched_ = false;        // in FeedTable::touched_: the window may have grown
  bool aged_ = false;           // in FeedTable::by_age_
  std::list<Feed*>::iterator age_;
};

}  // namespace tailrace
