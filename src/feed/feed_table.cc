#include "feed/feed_table.h"

#include <algorithm>

#include "base/check.h"

namespace tailrace {

FeedTable::FeedTable(size_t worker, LogStore& store, Hub& hub, const SegmentRenderer& renderer,
                     const FeedLimits& limits, RunInPool run_in_pool, SegmentFiles* files)
    : worker_(worker),
      store_(store),
      hub_(hub),
      renderer_(renderer),
      maker_(renderer, limits.coded),
      limits_(limits),
      run_in_pool_(std::move(run_in_pool)),
      files_(files),
      cache_(limits.cache_bytes) {}

FeedTable::~FeedTable() {
  Clear();
}

void FeedTable::Clear() {
  for (const auto& [key, feed] : feeds_) hub_.Unfollow(worker_, key);
  feeds_.clear();
  dirty_.clear();
  touched_.clear();
  by_age_.clear();
  stats_.window_bytes = 0;
}

// ------------------------------------------------------------------------------------------------
// Coming and going

void FeedTable::Attach(const LogKey& key, Viewer& viewer, std::string_view greeting) {
  CHECK(viewer.state_ == Viewer::State::kDetached);
  Feed& feed = FeedFor(key);
  viewer.QueueStart(renderer_, greeting);
  viewer.feed_ = &feed;
  // Another worker may have told its client of commits that are still on their way to this one:
  // only a look-up that begins now can say that its cursor is wrong.
  viewer.needed_look_up_ = feed.look_ups_started_ + 1;
  if (feed.look_ups_started_ == 0) LookUp(feed);
  ++feed.viewers_;
  ++stats_.viewers;
  MakeReady(viewer);
}

void FeedTable::Detach(Viewer& viewer) {
  if (viewer.state_ == Viewer::State::kDetached) return;
  if (viewer.list_ != nullptr) viewer.list_->Remove(viewer);
  viewer.state_ = Viewer::State::kDetached;
  Feed& feed = *std::exchange(viewer.feed_, nullptr);
  --stats_.viewers;
  if (--feed.viewers_ == 0) MarkDirty(feed);  // the next turn forgets it
}

Feed& FeedTable::FeedFor(const LogKey& key) {
  std::unique_ptr<Feed>& feed = feeds_[key];
  if (feed != nullptr) return *feed;
  feed = std::make_unique<Feed>(key, next_serial_++);
  // Before the first look-up, so that nothing falls between them.
  feed->followed_since_ = hub_.Follow(worker_, key);
  return *feed;
}

Feed* FeedTable::FindFeed(const LogKey& key, uint64_t serial) {
  const auto found = feeds_.find(key);
  return found != feeds_.end() && found->second->serial() == serial ? found->second.get() : nullptr;
}

void FeedTable::MakeReady(Viewer& viewer) {
  if (viewer.list_ != nullptr) viewer.list_->Remove(viewer);
  viewer.state_ = Viewer::State::kReady;
  ready_.Add(viewer);
}

void FeedTable::MarkDirty(Feed& feed) {
  Touch(feed);
  feed.dirty_again_ = true;
  if (std::exchange(feed.dirty_, true)) return;
  dirty_.push_back(&feed);
}

void FeedTable::Writable(Viewer& viewer) {
  if (viewer.state_ == Viewer::State::kBlocked) MakeReady(viewer);
}

void FeedTable::ServeBlocked(Viewer& viewer) {
  if (viewer.state_ != Viewer::State::kBlocked) return;
  MakeReady(viewer);
  Serve(viewer);
}

bool FeedTable::NotifyIfIdle(Viewer& viewer, std::string_view payload) {
  if (!viewer.Idle()) return false;
  viewer.QueueNotice(renderer_, payload);
  MakeReady(viewer);
  return true;
}

void FeedTable::Finish(Viewer& viewer, std::string_view payload) {
  if (viewer.state_ == Viewer::State::kDetached || viewer.finishing_) return;
  const bool cannot_wait = viewer.MidSegment() || viewer.state_ == Viewer::State::kBlocked;
  if (cannot_wait) {
    Detach(viewer);
    viewer.OnAborted();
    return;
  }
  viewer.QueueFinish(renderer_, payload);
  MakeReady(viewer);
}

// ------------------------------------------------------------------------------------------------
// What becomes known

void FeedTable::LookUp(Feed& feed) {
  const uint64_t look_up = ++feed.look_ups_started_;
  ++feed.look_ups_pending_;
  auto info = std::make_shared<Result<LogInfo>>();
  run_in_pool_([this, key = feed.key(), info] { *info = store_.Stat(key); },
               [this, key = feed.key(), serial = feed.serial(), look_up, info] {
                 OnLookedUp(key, serial, look_up, std::move(*info));
               });
}

void FeedTable::OnLookedUp(const LogKey& key, uint64_t serial, uint64_t look_up,
                           Result<LogInfo> info) {
  Feed* feed = FindFeed(key, serial);
  if (feed == nullptr) return;
  --feed->look_ups_pending_;
  const bool no_log = !info && info.error().code == ErrorCode::kNotFound;
  if (!info && !no_log) {
    while (!feed->waiting_.Empty()) {
      Viewer& viewer = feed->waiting_[0];
      std::string payload;
      viewer.TellUnavailable(payload);
      Finish(viewer, payload);
    }
    return;
  }
  if (no_log && feed->info() != nullptr) {
    // Created since it was looked for, or deleted: the commit that says so is on its way, but a
    // cursor must not be judged by what is known of a log that is gone.
    if (look_up <= feed->known_since_) return LookUp(*feed);
    LearnRemoved(*feed, feed->number());
    MarkDirty(*feed);
  }
  feed->looked_up_ = std::max(feed->looked_up_, look_up);
  if (info) feed->found_ = std::max(feed->found_, look_up);
  if (info && Learn(*feed, *info)) MarkDirty(*feed);
  ResolveWaiting(*feed);
}

void FeedTable::Apply(const HubDelivery& delivery) {
  for (const Commit& commit : delivery.followed) {
    const auto found = feeds_.find(commit.info->key);
    if (found == feeds_.end()) continue;
    Feed& feed = *found->second;
    // Told to an earlier feed of this key: what came between, even a deletion, was told to nobody.
    if (delivery.batch <= feed.followed_since_) continue;
    const bool changed = commit.kind == Commit::Kind::kRemoved
                             ? LearnRemoved(feed, commit.info->number)
                             : Learn(feed, *commit.info);
    if (commit.kind == Commit::Kind::kChanged && commit.info->number == feed.number()) {
      AddChunks(feed, commit.chunks);
    }
    if (!changed) continue;
    MarkDirty(feed);
    ResolveWaiting(feed);
  }
}

// A log that goes leaves its segments to viewers that have got half of one.
bool FeedTable::Learn(Feed& feed, const LogInfo& info) {
  if (feed.number() != 0 && feed.number() < info.number) feed.KeepSegments(cache_);
  return feed.Learn(info);
}

bool FeedTable::LearnRemoved(Feed& feed, uint64_t number) {
  if (feed.number() != 0 && feed.number() <= number) feed.KeepSegments(cache_);
  return feed.LearnRemoved(number);
}

void FeedTable::AddChunks(Feed& feed, const std::vector<ChunkPtr>& chunks) {
  if (chunks.empty()) return;
  feed.AddChunks(chunks);
  Touch(feed);
  if (std::exchange(feed.aged_, true)) {
    by_age_.splice(by_age_.end(), by_age_, feed.age_);
  } else {
    feed.age_ = by_age_.insert(by_age_.end(), &feed);
  }
}

void FeedTable::ResolveWaiting(Feed& feed) {
  if (feed.info() == nullptr || feed.looked_up_ == 0) return;
  for (size_t slot = feed.waiting_.Size(); slot-- > 0;) MakeReady(feed.waiting_[slot]);
}

// Gives the cursor its place in the incarnation that is known. False: it has to wait.
bool FeedTable::Resolve(Feed& feed, Viewer& viewer) {
  const LogInfo* info = feed.info();
  const StreamStart& start = viewer.start_;
  const bool other_log =
      info != nullptr && !start.incarnation.empty() && start.incarnation != info->incarnation;
  const bool ahead = info != nullptr && start.position > info->position;
  // Nor can one that found no log: what is known now may be what came late of one that is gone.
  const bool is_wrong = other_log || ahead;
  const uint64_t needed_look_up = is_wrong ? viewer.needed_look_up_ : 1;
  if ((is_wrong ? feed.found_ : feed.looked_up_) < needed_look_up) {
    const bool is_under_way =
        feed.look_ups_started_ >= needed_look_up && feed.look_ups_pending_ > 0;
    if (!is_under_way) LookUp(feed);
    return false;
  }
  if (info == nullptr) return false;
  if (!viewer.MaySee(*info)) {
    std::string payload;
    viewer.TellExpired(payload);
    viewer.QueueFinish(renderer_, payload);
    return false;
  }
  viewer.log_number_ = info->number;
  if (is_wrong) {
    ++stats_.resets;
    std::string payload;
    viewer.TellReset(payload, *info, other_log ? ResetCause::kRecreated : ResetCause::kAhead);
    viewer.QueueNotice(renderer_, payload);
    viewer.position_ = 0;
  } else {
    viewer.position_ = start.position;
  }
  return true;
}

// ------------------------------------------------------------------------------------------------
// Turns

bool FeedTable::RunTurn() {
  maker_.BeginTurn();
  const Budget half{limits_.turn_sends / 2 + 1, limits_.turn_bytes / 2 + 1};
  Budget budget = half;
  ServeList(ready_, ready_left_, budget);
  budget = {budget.sends + half.sends, budget.bytes + half.bytes};
  for (size_t left = dirty_.size(); left > 0 && !budget.Spent(); --left) {
    Feed* feed = dirty_.front();
    dirty_.pop_front();
    if (feed->viewers_ == 0) {
      Forget(*feed);
    } else if (ServePass(*feed, budget)) {
      feed->dirty_ = false;
    } else {
      dirty_.push_back(feed);
    }
  }
  ShrinkWindows();
  cache_.Trim();
  return !ready_.Empty() || !dirty_.empty();
}

void FeedTable::Forget(Feed& feed) {
  hub_.Unfollow(worker_, feed.key());
  if (feed.aged_) by_age_.erase(feed.age_);
  if (feed.touched_) std::erase(touched_, &feed);
  stats_.window_bytes -= feed.counted_bytes_;
  feeds_.erase(feeds_.find(feed.key()));
}

// A slice of a pass over the followers. True: all have got all.
bool FeedTable::ServePass(Feed& feed, Budget& budget) {
  // Then another feed gets its turn.
  constexpr Budget kSlice{256, 256 << 10};
  if (feed.pass_left_ == 0 && !std::exchange(feed.dirty_again_, false)) return true;
  const Budget given{std::min(budget.sends, kSlice.sends), std::min(budget.bytes, kSlice.bytes)};
  Budget slice = given;
  ServeList(feed.following_, feed.pass_left_, slice);
  budget.sends -= given.sends - slice.sends;
  budget.bytes -= given.bytes - slice.bytes;
  return feed.pass_left_ == 0 && !feed.dirty_again_;
}

// Serves viewers [0, left) of the list from the back, or all of them if `left` is 0, until the
// budget is used up. Whoever leaves the list gives its slot to the last one, which was served
// already; newcomers stand behind all.
void FeedTable::ServeList(ViewerList& list, size_t& left, Budget& budget) {
  size_t next = std::min(left == 0 ? SIZE_MAX : left, list.Size());
  while (next > 0 && !budget.Spent()) {
    list.FetchAhead(--next);
    budget.Spend(Serve(list[next]));
    next = std::min(next, list.Size());
  }
  left = next;
}

uint64_t FeedTable::Serve(Viewer& viewer) {
  Feed& feed = *viewer.feed_;
  Touch(feed);
  uint64_t sent_bytes = 0;
  const Step step = Advance(feed, viewer, sent_bytes);
  if (step == Step::kGone || step == Step::kReading) return sent_bytes;
  if (step == Step::kMore) {
    // A follower waits for the next pass: all others get as much before.
    if (viewer.list_ == &feed.following_) {
      feed.dirty_again_ = true;
    } else if (viewer.list_ != &ready_) {
      MakeReady(viewer);
    }
  } else if (step == Step::kBlocked) {
    viewer.list_->Remove(viewer);
    viewer.state_ = Viewer::State::kBlocked;
  } else if (viewer.log_number_ == 0) {
    Rest(viewer, Viewer::State::kWaiting, feed.waiting_);
  } else {
    Rest(viewer, Viewer::State::kFollowing, feed.following_);
  }
  return sent_bytes;
}

void FeedTable::Rest(Viewer& viewer, Viewer::State state, ViewerList& list) {
  if (viewer.list_ == &list) return;
  if (viewer.list_ != nullptr) viewer.list_->Remove(viewer);
  viewer.state_ = state;
  list.Add(viewer);
}

void FeedTable::Touch(Feed& feed) {
  if (!std::exchange(feed.touched_, true)) touched_.push_back(&feed);
}

void FeedTable::ShrinkWindows() {
  for (Feed* feed : touched_) {
    feed->touched_ = false;
    feed->ShrinkWindow(limits_.feed_bytes);
    Recount(*feed);
  }
  touched_.clear();
  while (stats_.window_bytes > limits_.all_feeds_bytes) {
    Feed& silent_longest = *by_age_.front();
    by_age_.pop_front();
    silent_longest.aged_ = false;
    silent_longest.ShrinkWindow(0);
    Recount(silent_longest);
  }
}

void FeedTable::Recount(Feed& feed) {
  stats_.window_bytes += feed.WindowBytes() - feed.counted_bytes_;
  feed.counted_bytes_ = feed.WindowBytes();
}

FeedStats FeedTable::Stats() const {
  FeedStats stats = stats_;
  stats.feeds = feeds_.size();
  stats.cache_bytes = cache_.Bytes();
  stats.costs = maker_.costs();
  return stats;
}

}  // namespace tailrace
