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

const Segment* Feed::Find(SegmentMaker& maker, SegmentCache& cache, Style style, Position begin,
                          Position end) {
  if (style.coding != Coding::kIdentity) return FindCoded(maker, cache, style, begin, end);
  const size_t place = FindInWindow(begin);
  WindowChunk* held = place < window_.size() ? &window_[place] : nullptr;
  if (held != nullptr && held->chunk->begin == begin && (end == 0 || end == held->chunk->end)) {
    SegmentPtr& segment = held->segments[static_cast<size_t>(style.format)];
    if (segment == nullptr) {
      segment = MakeFromWindow(maker, style, begin, held->chunk->end, place);
      window_bytes_ += segment->bytes.size();
    }
    return segment.get();
  }
  if (const Segment* cached = cache.Find(number(), style, begin, end)) return cached;
  if (held == nullptr || end > held->chunk->end) return nullptr;
  const Position segment_end = end == 0 ? held->chunk->end : end;
  return cache.Insert(number(), style, MakeFromWindow(maker, style, begin, segment_end, place));
}

// Whoever follows shares the segments of the run. Whoever is behind gets what a unit of the window
// still holds as one segment in place of many small ones; it ends where a unit does, so that all
// who are behind share it, too.
const Segment* Feed::FindCoded(SegmentMaker& maker, SegmentCache& cache, Style style,
                               Position begin, Position end) {
  SegmentRun& run = RunOf(style);
  const Segment* shared = run.Find(begin, end);
  const bool is_newest = shared != nullptr && shared->end == run.end();
  if (shared != nullptr &&
      (end != 0 || is_newest || shared->plain_bytes >= maker.sizes().small_bytes)) {
    return shared;
  }
  const size_t place = FindInWindow(begin);
  if (place == window_.size()) {
    return shared != nullptr ? shared : cache.Find(number(), style, begin, end);
  }
  if (end == 0 && (run.Empty() || begin >= run.end())) {
    return AddToRun(maker, run, style, begin, place);
  }
  const Position window_end = window_.back().chunk->end;
  Position border = end;
  if (end == 0) {
    border = UnitEnd(place, maker.sizes().unit_bytes);
    if (begin < run.begin()) border = std::min(border, run.begin());
    if (shared != nullptr && shared->end >= border) return shared;
  }
  // While a unit grows, whatever there is of it serves.
  const Position wanted_end = end == 0 && border == window_end ? 0 : border;
  if (const Segment* cached = cache.Find(number(), style, begin, wanted_end)) return cached;
  if (border > window_end) return nullptr;
  SegmentPtr made = MakeFromWindow(maker, style, begin, border, place);
  return made == nullptr ? nullptr : cache.Insert(number(), style, std::move(made));
}

// What came since the run's end, as one segment.
const Segment* Feed::AddToRun(SegmentMaker& maker, SegmentRun& run, Style style, Position begin,
                              size_t place) {
  uint64_t bytes = 0;
  Position end = begin;
  for (; place < window_.size() && bytes < maker.sizes().run_bytes; ++place) {
    bytes += window_[place].chunk->encoded.size();
    end = window_[place].chunk->end;
  }
  SegmentPtr made = MakeFromWindow(maker, style, begin, end, FindInWindow(begin));
  if (made == nullptr) return nullptr;
  window_bytes_ -= run.Bytes();
  const Segment* added = run.Add(std::move(made));
  window_bytes_ += run.Bytes();
  return added;
}

// Behind the last chunk of the unit in which the chunk at `place` begins.
Position Feed::UnitEnd(size_t place, uint64_t unit_bytes) const {
  const uint64_t unit = window_[place].chunk->text_offset / unit_bytes;
  while (place + 1 < window_.size() && window_[place + 1].chunk->text_offset / unit_bytes == unit) {
    ++place;
  }
  return window_[place].chunk->end;
}

// `place`: of the chunk that holds `begin`.
SegmentPtr Feed::MakeFromWindow(SegmentMaker& maker, Style style, Position begin, Position end,
                                size_t place) const {
  const ChunkPtr& first = window_[place].chunk;
  if (end <= first->end) {
    return maker.Make(style, info_->incarnation, begin, end, std::span(&first, 1));
  }
  std::vector<ChunkPtr> chunks;
  for (; place < window_.size() && window_[place].chunk->begin < end; ++place) {
    chunks.push_back(window_[place].chunk);
  }
  return maker.Make(style, info_->incarnation, begin, end, chunks);
}

SegmentRun& Feed::RunOf(Style style) {
  const size_t coding = IndexOf(style.coding) - 1;
  auto& run = runs_[static_cast<size_t>(style.format) * (kCodings - 1) + coding];
  if (run == nullptr) run = std::make_unique<SegmentRun>(style);
  return *run;
}

void Feed::KeepSegments(SegmentCache& cache) const {
  for (const WindowChunk& held : window_) {
    for (size_t format = 0; format < kFormats; ++format) {
      const SegmentPtr& segment = held.segments[format];
      if (segment != nullptr) cache.Insert(number(), static_cast<Format>(format), segment);
    }
  }
  for (const auto& run : runs_) {
    if (run == nullptr) continue;
    for (const SegmentPtr& segment : run->segments()) {
      cache.Insert(number(), run->style(), segment);
    }
  }
}

// The index of the chunk that holds `position`; none: their number.
size_t Feed::FindInWindow(Position position) const {
  if (window_.empty() || position < window_.front().chunk->begin ||
      position >= window_.back().chunk->end) {
    return window_.size();
  }
  if (position >= window_.back().chunk->begin) return window_.size() - 1;  // nearly always
  const auto behind = std::ranges::upper_bound(
      window_, position, {}, [](const WindowChunk& held) { return held.chunk->begin; });
  return static_cast<size_t>(behind - window_.begin()) - 1;
}

void Feed::ShrinkWindow(uint64_t limit_bytes) {
  while (!window_.empty() && window_bytes_ > limit_bytes) {
    const WindowChunk& oldest = window_.front();
    window_bytes_ -= oldest.chunk->encoded.size();
    for (const SegmentPtr& segment : oldest.segments) {
      if (segment != nullptr) window_bytes_ -= segment->bytes.size();
    }
    const Position dropped_to = oldest.chunk->end;
    for (const auto& run : runs_) {
      if (run == nullptr) continue;
      window_bytes_ -= run->Bytes();
      run->DropUpTo(dropped_to);
      window_bytes_ += run->Bytes();
    }
    window_.pop_front();
  }
}

void Feed::DropWindow() {
  window_.clear();
  for (auto& run : runs_) run.reset();
  window_bytes_ = 0;
}

}  // namespace tailrace
