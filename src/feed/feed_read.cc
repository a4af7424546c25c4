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
  bool kept = false;  // the segment was in SegmentFiles
};

// Chunks that become one segment.
struct FeedTable::Run {
  LogInfo info;
  std::vector<ChunkPtr> chunks;
  Position end = 0;       // of the chunks
  uint64_t text_end = 0;  // of the chunks
  uint64_t cell_end = 0;  // where enough text is read
  uint64_t encoded_bytes = 0;
  bool at_gap = false;  // behind the chunks
};

void FeedTable::StartRead(Feed& feed, Viewer& viewer) {
  const Position end = viewer.MidSegment() ? viewer.segment_end_ : 0;
  const ReadKey read{feed.serial(), feed.number(), viewer.position_, end, viewer.style_};
  const auto [pending, is_new] = reads_.try_emplace(read);
  Rest(viewer, Viewer::State::kReading, pending->second.viewers);
  if (!is_new) return;
  auto result = std::make_shared<ReadResult>();
  run_in_pool_([this, key = feed.key(), read, result] { *result = ReadSegment(key, read); },
               [this, key = feed.key(), read, result] { OnRead(key, read, std::move(*result)); });
}

// On the reader pool: touches only what never changes.
FeedTable::ReadResult FeedTable::ReadSegment(const LogKey& key, const ReadKey& read) const {
  if (files_ != nullptr) {
    SegmentPtr kept = files_->Find(read.number, read.style, read.begin);
    const bool fits = kept != nullptr && (read.end == 0 || read.end == kept->end);
    if (fits) return {.kind = ReadResult::Kind::kSegment, .segment = std::move(kept), .kept = true};
  }
  Run run{.end = read.begin};
  if (std::optional<ReadResult> other = ReadRun(key, read, run)) return *std::move(other);
  const Position end = read.end == 0 ? run.end : read.end;
  SegmentPtr segment =
      MakeSegment(renderer_, read.style, run.info.incarnation, read.begin, end, run.chunks);
  // What begins or ends somewhere in a block, or where the log ends for now, few will ask for.
  const bool begins_as_others = run.chunks.front()->begin == read.begin;
  const bool ends_as_others =
      end == run.end && (run.text_end >= run.cell_end || run.info.HasEnded());
  if (files_ != nullptr && begins_as_others && ends_as_others) {
    const SegmentFacts facts{segment->begin, segment->end, segment->sum, segment->plain_bytes};
    files_->Keep(read.number, read.style, facts, segment->bytes);
  }
  return {.kind = ReadResult::Kind::kSegment, .segment = std::move(segment)};
}

// Reads up to the end of the first block that crosses a multiple of read_bytes in the log's text:
// so viewers that began at different places of the log soon ask for the same segments.
std::optional<FeedTable::ReadResult> FeedTable::ReadRun(const LogKey& key, const ReadKey& read,
                                                        Run& run) const {
  constexpr uint64_t kMostOverhead = 8;  // encoded against text; a log of empty lines stops earlier
  bool enough = false;
  do {
    // Encoded entries are never shorter than their text.
    const uint64_t wanted =
        run.chunks.empty() || read.end != 0 ? limits_.read_bytes : run.cell_end - run.text_end;
    const Result<ReadAnswer> answer = store_.Read(key, run.end, wanted);
    if (!answer) {
      const bool gone = answer.error().code == ErrorCode::kNotFound;
      return ReadResult{.kind = gone ? ReadResult::Kind::kLogGone : ReadResult::Kind::kUnavailable};
    }
    const Position before = run.end;
    if (std::optional<ReadResult> other = AddItems(*answer, read, run)) return other;
    // A segment that was half sent must be had whole; a gap inside of it makes that impossible.
    if (read.end != 0 && run.end == before) {
      return ReadResult{.kind = ReadResult::Kind::kGap, .gap_end = read.end};
    }
    enough = read.end != 0
                 ? run.end >= read.end
                 : run.at_gap || run.end >= run.info.position || run.text_end >= run.cell_end ||
                       run.encoded_bytes >= kMostOverhead * limits_.read_bytes;
  } while (!enough);
  return std::nullopt;
}

std::optional<FeedTable::ReadResult> FeedTable::AddItems(const ReadAnswer& answer,
                                                         const ReadKey& read, Run& run) const {
  if (answer.info.number != read.number || answer.items.empty()) {
    return ReadResult{.kind = ReadResult::Kind::kLogGone};
  }
  run.info = answer.info;
  for (const ReadItem& item : answer.items) {
    if (item.chunk == nullptr && run.chunks.empty()) {
      return ReadResult{.kind = ReadResult::Kind::kGap, .gap_end = item.end, .cause = item.cause};
    }
    run.at_gap = item.chunk == nullptr;
    if (run.at_gap) return std::nullopt;  // the next read begins with it
    if (run.chunks.empty()) {
      run.cell_end = (item.chunk->text_offset / limits_.read_bytes + 1) * limits_.read_bytes;
    }
    run.chunks.push_back(item.chunk);
    run.end = item.chunk->end;
    run.text_end = item.text_end;
    run.encoded_bytes += item.chunk->encoded.size();
    if (read.end == 0 && run.text_end >= run.cell_end) return std::nullopt;
  }
  return std::nullopt;
}

void FeedTable::OnRead(const LogKey& key, const ReadKey& read, ReadResult result) {
  auto pending = reads_.extract(read);
  CHECK(!pending.empty());
  ++(result.kept ? stats_.file_reads : stats_.store_reads);
  ViewerList& viewers = pending.mapped().viewers;
  Feed* feed = FindFeed(key, read.serial);
  if (feed == nullptr) {
    CHECK(viewers.Empty());
    return;
  }
  if (result.kind == ReadResult::Kind::kSegment) {
    if (!result.kept) maker_.Count(read.style, *result.segment);
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
