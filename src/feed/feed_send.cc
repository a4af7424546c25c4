// FeedTable, one viewer: what stands between its cursor and the head goes out in one write.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "feed/feed_table.h"

namespace tailrace {
namespace {

constexpr size_t kMaxParts = 64;  // of one write
// More only if one segment is larger. What is left is sent when all others had their turn: a viewer
// gets no lead of more than this, and what many of them want is still in the processor's cache.
constexpr uint64_t kMaxWriteBytes = 128 << 10;
constexpr int kWritesAlone = 4;  // of a log's only viewer

}  // namespace

struct FeedTable::Gather {
  std::array<iovec, kMaxParts> parts;
  std::array<const Segment*, kMaxParts> segments;  // null: the viewer's notices
  size_t count = 0;
  uint64_t bytes = 0;
  bool missing = false;  // the next segment must be read from the store
  bool later = false;    // or made in the next turn

  void Add(std::string_view part, const Segment* segment) {
    parts[count] = {const_cast<char*>(part.data()), part.size()};
    segments[count++] = segment;
    bytes += part.size();
  }
  bool Full() const { return count == kMaxParts || bytes >= kMaxWriteBytes; }
};

FeedTable::Step FeedTable::Advance(Feed& feed, Viewer& viewer, uint64_t& sent_bytes) {
  for (int writes = 1;; ++writes) {
    AddNotices(feed, viewer);
    Gather gather;
    Collect(feed, viewer, gather);
    if (gather.count == 0) {
      if (gather.later) return Step::kMore;
      const bool log_is_gone = viewer.MidSegment() && viewer.log_number_ != feed.number();
      if (gather.missing && log_is_gone) return Abort(viewer);  // nor can it be read any more
      if (gather.missing) {
        StartRead(feed, viewer);
        return Step::kReading;
      }
      if (!viewer.finishing_) return Step::kSentAll;
      Detach(viewer);
      viewer.OnFinished();
      return Step::kGone;
    }
    const int64_t sent = viewer.Write(std::span(gather.parts.data(), gather.count));
    ++stats_.writes;
    if (sent < 0) return Abort(viewer);
    sent_bytes += static_cast<uint64_t>(sent);
    Consume(viewer, gather, static_cast<uint64_t>(sent));
    if (static_cast<uint64_t>(sent) < gather.bytes) return Step::kBlocked;
    if (gather.Full() && (feed.viewers_ > 1 || writes >= kWritesAlone)) return Step::kMore;
  }
}

// Everything between the cursor and the head, as far as it is in memory.
void FeedTable::Collect(Feed& feed, Viewer& viewer, Gather& gather) {
  if (!viewer.notices_.empty()) gather.Add(viewer.notices_, nullptr);
  if (viewer.log_number_ == 0 || viewer.finishing_) return;
  // Of a log that was deleted, a segment that was half sent is still finished, so that the client
  // can be told.
  const bool log_is_gone = viewer.log_number_ != feed.number();
  const Position head = log_is_gone ? viewer.segment_end_ : feed.head();
  Position at = viewer.position_;
  Position end = viewer.MidSegment() ? viewer.segment_end_ : 0;
  uint64_t offset = viewer.offset_;
  while (at < head && !gather.Full()) {
    const Segment* segment = log_is_gone ? cache_.Find(viewer.log_number_, viewer.style_, at, end)
                                         : feed.Find(maker_, cache_, viewer.style_, at, end);
    if (segment == nullptr) {
      gather.later = maker_.TakeRefusal();
      gather.missing = !gather.later;
      return;
    }
    gather.Add(segment->Framed(viewer.chunked_).substr(offset), segment);
    at = segment->end;
    end = 0;
    offset = 0;
  }
}

// What the client must be told before the next entry. Never in the middle of a segment.
void FeedTable::AddNotices(Feed& feed, Viewer& viewer) {
  if (viewer.finishing_ || viewer.MidSegment()) return;
  if (viewer.log_number_ == 0 && !Resolve(feed, viewer)) return;
  std::string payload;
  if (viewer.log_number_ != feed.number()) {
    viewer.TellDeleted(payload);
    viewer.QueueFinish(renderer_, payload);
    return;
  }
  const LogInfo& info = *feed.info();
  if (viewer.position_ < info.first) {
    ++stats_.gaps;
    viewer.TellGap(payload, info, viewer.position_, info.first, GapCause::kRetention);
    viewer.QueueNotice(renderer_, payload);
    viewer.position_ = info.first;
    payload.clear();
  }
  if (info.HasEnded() && viewer.position_ == info.position) {
    viewer.TellEnd(payload, info);
    viewer.QueueFinish(renderer_, payload);
  }
}

void FeedTable::Consume(Viewer& viewer, const Gather& gather, uint64_t sent) {
  const size_t coding = IndexOf(viewer.style_.coding);
  stats_.bytes_sent[coding] += sent;
  for (size_t i = 0; i < gather.count && sent > 0; ++i) {
    const uint64_t size = gather.parts[i].iov_len;
    const uint64_t taken = std::min(sent, size);
    const Segment* segment = gather.segments[i];
    sent -= taken;
    if (segment == nullptr) {
      viewer.notices_.erase(0, taken);
      if (viewer.notices_.empty()) viewer.notices_.shrink_to_fit();
    } else if (taken == size) {
      stats_.entries_sent += segment->end - segment->begin;
      stats_.plain_bytes_sent[coding] += segment->plain_bytes;
      if (viewer.style_.coding == Coding::kGzip) {
        viewer.sum_ = renderer_.Join(viewer.sum_, segment->sum);
      }
      viewer.position_ = segment->end;
      viewer.segment_end_ = 0;
      viewer.offset_ = 0;
      // The only viewer of its log: the same memory, which the processor's caches still hold,
      // serves the next segment.
      const bool alone = cache_.Bytes() > 0 && viewer.feed_->viewers_ == 1;
      if (alone) cache_.Drop(viewer.log_number_, viewer.style_, *segment);
    } else {
      viewer.segment_end_ = segment->end;
      viewer.offset_ += taken;
    }
  }
}

FeedTable::Step FeedTable::Abort(Viewer& viewer) {
  Detach(viewer);
  viewer.OnAborted();
  return Step::kGone;
}

}  // namespace tailrace
