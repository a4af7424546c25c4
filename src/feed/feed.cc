#include "feed/feed.h"

#include <algorithm>

namespace tailrace {

bool Feed::Learn(const LogInfo& info) {
  if (info.number <= removed_number_ || info.number < number()) return false;
  if (info.number > number()) {
    DropWindow();
    info_ = info;
    known_since_ = look_ups_started_;
    return true;
  }
  const bool newer = info.position > info_->position || info.first > info_->first ||
                     (info.HasEnded() && !info_->HasEnded()) || info.updated > info_->updated;
  const bool older = info.position < info_->position || (info_->HasEnded() && !info.HasEnded());
  if (!newer || older) return false;
  const Position first = std::max(info.first, info_->first);
  info_ = info;
  info_->first = first;
  return true;
}

bool Feed::LearnRemoved(uint64_t number_removed) {
  removed_number_ = std::max(removed_number_, number_removed);
  if (!info_ || info_->number > removed_number_) return false;
  info_.reset();
  DropWindow();
  return true;
}

void Feed::AddChunks(const std::vector<ChunkPtr>& chunks) {
  for (const ChunkPtr& chunk : chunks) {
    const Position window_end = window_.empty() ? chunk->begin : window_.back().chunk->end;
    if (chunk->begin < window_end) continue;
    if (chunk->begin > window_end) DropWindow();  // what is between is read from the store
    window_.push_back({chunk, {}});
    window_bytes_ += chunk->encoded.size();
  }
}

const Segment* Feed::Find(const SegmentRenderer& renderer, SegmentCache& cache, Style style,
                          Position begin, Position end) {
  WindowChunk* held = FindInWindow(begin);
  if (held != nullptr && held->chunk->begin == begin && (end == 0 || end == held->chunk->end)) {
    SegmentPtr& segment = held->segments[style.Index()];
    if (segment == nullptr) {
      segment = MakeSegment(renderer, style, info_->incarnation, begin, held->chunk->end,
                            std::span(&held->chunk, 1));
      window_bytes_ += segment->bytes.size();
    }
    return segment.get();
  }
  if (const Segment* cached = cache.Find(number(), style, begin, end)) return cached;
  if (held == nullptr || end > held->chunk->end) return nullptr;
  const Position segment_end = end == 0 ? held->chunk->end : end;
  return cache.Insert(number(), style,
                      MakeSegment(renderer, style, info_->incarnation, begin, segment_end,
                                  std::span(&held->chunk, 1)));
}

void Feed::KeepSegments(SegmentCache& cache) const {
  for (const WindowChunk& held : window_) {
    for (size_t format = 0; format < kFormats; ++format) {
      for (size_t coding = 0; coding < kCodings; ++coding) {
        const Style style(static_cast<Format>(format), static_cast<Coding>(coding));
        const SegmentPtr& segment = held.segments[style.Index()];
        if (segment != nullptr) cache.Insert(number(), style, segment);
      }
    }
  }
}

Feed::WindowChunk* Feed::FindInWindow(Position position) {
  if (window_.empty() || position < window_.front().chunk->begin ||
      position >= window_.back().chunk->end) {
    return nullptr;
  }
  if (position >= window_.back().chunk->begin) return &window_.back();  // nearly always
  const auto behind = std::ranges::upper_bound(
      window_, position, {}, [](const WindowChunk& held) { return held.chunk->begin; });
  return &*(behind - 1);
}

void Feed::ShrinkWindow(uint64_t limit_bytes) {
  while (!window_.empty() && window_bytes_ > limit_bytes) {
    const WindowChunk& oldest = window_.front();
    window_bytes_ -= oldest.chunk->encoded.size();
    for (const SegmentPtr& segment : oldest.segments) {
      if (segment != nullptr) window_bytes_ -= segment->bytes.size();
    }
    window_.pop_front();
  }
}

void Feed::DropWindow() {
  window_.clear();
  window_bytes_ = 0;
}

}  // namespace tailrace
