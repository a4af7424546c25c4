// FeedTable, catching up: segments that are in no memory are read from the store and rendered on
// the reader pool, once for all viewers that stand at the same place.
#include <utility>

#include "base/check.h"
#include "feed/feed_table.h"

namespace tailrace {

struct FeedTable::ReadResult {
  enum class Kind : uint8_t {
    kSegment,
    kGap,          // [begin, gap_end) can't be had
    kLogGone,      // the log is not there, or another one of that name
    kUnavailable,  // the store can't be read
  };
  Kind kind = Kind::kLogGone;
  SegmentPtr segment;
  Position gap_end = 0;
  GapCause cause = GapCause::kRetention;
};

void FeedTable::StartRead(Feed& feed, Viewer& viewer) {
  const Position end = viewer.MidSegment() ? viewer.segment_end_ : 0;
  const ReadKey read{feed.serial(), feed.number(), viewer.position_, end, viewer.style_};
  const auto [pending, is_new] = reads_.try_emplace(read);
  Rest(viewer, Viewer::State::kReading, pending->second.viewers);
  if (!is_new) return;
  ++stats_.store_reads;
  auto result = std::make_shared<ReadResult>();
  run_in_pool_([this, key = feed.key(), read, result] { *result = ReadSegment(key, read); },
               [this, key = feed.key(), read, result] { OnRead(key, read, std::move(*result)); });
}

// On the reader pool: touches only what never changes.
FeedTable::ReadResult FeedTable::ReadSegment(const LogKey& key, const ReadKey& read) const {
  using Kind = ReadResult::Kind;
  std::vector<ChunkPtr> chunks;
  std::string incarnation;
  Position at = read.begin;
  do {
    const Result<ReadAnswer> answer = store_.Read(key, at, limits_.read_bytes);
    if (!answer) {
      const bool gone = answer.error().code == ErrorCode::kNotFound;
      return {.kind = gone ? Kind::kLogGone : Kind::kUnavailable};
    }
    if (answer->info.number != read.number || answer->items.empty())
      return {.kind = Kind::kLogGone};
    incarnation = answer->info.incarnation;
    for (const ReadItem& item : answer->items) {
      if (item.chunk == nullptr && chunks.empty()) {
        return {.kind = Kind::kGap, .gap_end = item.end, .cause = item.cause};
      }
      if (item.chunk == nullptr) break;  // the next read begins with it
      chunks.push_back(item.chunk);
    }
    const Position reached = chunks.back()->end;
    // A segment that was half sent must be had whole; a gap inside of it makes that impossible.
    if (reached == at) return {.kind = Kind::kGap, .gap_end = read.end};
    at = reached;
  } while (at < read.end);
  const Position end = read.end == 0 ? at : read.end;
  return {.kind = Kind::kSegment,
          .segment = MakeSegment(renderer_, read.style, incarnation, read.begin, end, chunks)};
}

void FeedTable::OnRead(const LogKey& key, const ReadKey& read, ReadResult result) {
  auto pending = reads_.extract(read);
  CHECK(!pending.empty());
  ViewerList& viewers = pending.mapped().viewers;
  Feed* feed = FindFeed(key, read.serial);
  if (feed == nullptr) {
    CHECK(viewers.Empty());
    return;
  }
  if (result.kind == ReadResult::Kind::kSegment) {
    maker_.Count(read.style, *result.segment);
    cache_.Insert(read.number, read.style, std::move(result.segment));
  }
  while (!viewers.Empty()) {
    Viewer& viewer = viewers[viewers.Size() - 1];
    MakeReady(viewer);
    ApplyReadResult(*feed, viewer, result);
  }
}

void FeedTable::ApplyReadResult(Feed& feed, Viewer& viewer, const ReadResult& result) {
  if (viewer.log_number_ != feed.number()) return;  // deleted meanwhile, which it is told next
  std::string payload;
  switch (result.kind) {
    case ReadResult::Kind::kSegment:
      return;
    case ReadResult::Kind::kGap:
      if (viewer.MidSegment()) {
        Abort(viewer);
        return;
      }
      ++stats_.gaps;
      viewer.TellGap(payload, *feed.info(), viewer.position_, result.gap_end, result.cause);
      viewer.QueueNotice(renderer_, payload);
      viewer.position_ = result.gap_end;
      return;
    case ReadResult::Kind::kLogGone:
      // The commit that says so is on its way to this worker; until then there is nothing to do.
      Rest(viewer, Viewer::State::kFollowing, feed.following_);
      return;
    case ReadResult::Kind::kUnavailable:
      viewer.TellUnavailable(payload);
      Finish(viewer, payload);
      return;
  }
}

}  // namespace tailrace
