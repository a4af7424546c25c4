#include "feed/viewer.h"

#include <algorithm>

#include "base/check.h"
#include "feed/feed.h"

namespace tailrace {

void ViewerList::Add(Viewer& viewer) {
  CHECK(viewer.list_ == nullptr);
  viewer.list_ = this;
  viewer.slot_ = static_cast<uint32_t>(viewers_.size());
  viewers_.push_back(&viewer);
}

void ViewerList::Remove(Viewer& viewer) {
  CHECK(viewer.list_ == this && viewers_[viewer.slot_] == &viewer);
  Viewer* last = viewers_.back();
  viewers_[viewer.slot_] = last;
  last->slot_ = viewer.slot_;
  viewers_.pop_back();
  viewer.list_ = nullptr;
}

// Each of thousands of viewers is touched once a turn: its memory has left the nearer caches since.
void ViewerList::FetchAhead(size_t slot) const {
  constexpr size_t kViewersAhead = 6;
  constexpr size_t kTransportsAhead = 3;  // found in the viewer, which has come by now
  constexpr size_t kLineBytes = 64;
  constexpr size_t kViewerLines = 4;
  constexpr size_t kTransportLines = 3;
  // What is behind an object's end, or nowhere, is not loaded and does no harm.
  const auto fetch = [](const void* memory, size_t lines) {
    const auto first = reinterpret_cast<uintptr_t>(memory);
    for (size_t i = 0; i < lines; ++i) {
      __builtin_prefetch(reinterpret_cast<const void*>(first + i * kLineBytes), 1);
    }
  };
  if (slot >= kViewersAhead) fetch(viewers_[slot - kViewersAhead], kViewerLines);
  if (slot < kTransportsAhead) return;
  fetch(viewers_[slot - kTransportsAhead]->transport_, kTransportLines);
}

bool Viewer::Idle() const {
  return (state_ == State::kFollowing || state_ == State::kWaiting) && notices_.empty() &&
         !MidSegment() && !finishing_;
}

const LogKey& Viewer::key() const {
  return feed_->key();
}

const LogInfo* Viewer::KnownLog() const {
  return feed_->info();
}

uint64_t Viewer::Lag() const {
  if (feed_ == nullptr || log_number_ == 0 || log_number_ != feed_->number()) return 0;
  // A reader may meet entries before this worker is told of their commit.
  return feed_->head() - std::min(position_, feed_->head());
}

void Viewer::QueueStart(const SegmentRenderer& renderer, std::string_view payload) {
  std::string bytes;
  renderer.AppendStart(style_.coding, bytes);
  AppendEncoded(renderer, payload, bytes);
  QueueFramed(bytes);
}

void Viewer::QueueNotice(const SegmentRenderer& renderer, std::string_view payload) {
  std::string bytes;
  AppendEncoded(renderer, payload, bytes);
  QueueFramed(bytes);
}

void Viewer::QueueFinish(const SegmentRenderer& renderer, std::string_view payload) {
  std::string bytes;
  AppendEncoded(renderer, payload, bytes);
  renderer.AppendEnd(style_.coding, sum_, bytes);
  QueueFramed(bytes);
  if (chunked_) notices_.append("0\r\n\r\n");  // the last chunk, RFC 9112 §7.1
  finishing_ = true;
}

void Viewer::AppendEncoded(const SegmentRenderer& renderer, std::string_view payload,
                           std::string& out) {
  if (payload.empty()) return;
  renderer.AppendPart(style_.coding, payload, out);
  if (style_.coding == Coding::kGzip) sum_ = renderer.Join(sum_, renderer.Sum(payload));
}

void Viewer::QueueFramed(std::string_view bytes) {
  if (bytes.empty()) return;
  if (chunked_) {
    AppendHttpChunk(notices_, bytes);
  } else {
    notices_.append(bytes);
  }
}

}  // namespace tailrace
