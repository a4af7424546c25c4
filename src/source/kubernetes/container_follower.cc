#include "source/kubernetes/container_follower.h"

#include <algorithm>
#include <utility>

namespace tailrace {
namespace {

constexpr TimeNs kSecondNs = 1'000'000'000;
constexpr int kNoContent = 204;
constexpr int kBadRequest = 400;
constexpr int kNotFound = 404;
constexpr uint64_t kMostTriesOfGone = 2;
constexpr uint64_t kMostWaits = 6;

}  // namespace

ContainerFollower::ContainerFollower(FollowPort& port, FollowTarget target, FollowOptions options,
                                     LineSink& sink, FollowStats& stats,
                                     std::optional<FollowedBefore> before,
                                     std::function<void()> on_quiet)
    : port_(port),
      target_(std::move(target)),
      options_(options),
      sink_(sink),
      stats_(stats),
      on_quiet_(std::move(on_quiet)) {
  if (!before) return;
  point_ = std::move(before->point);
  restart_ = before->restart;
  later_ = std::move(before->later);
}

ContainerFollower::~ContainerFollower() {
  CloseStream();
}

// The one before and the one that status.containerID names, if they are two.
std::vector<ContainerFollower::Life> ContainerFollower::Lives() const {
  std::vector<Life> lives;
  const ContainerInstance& current = state_.current;
  const bool same = state_.last && state_.last->id == current.id;
  if (state_.last && !state_.last->id.empty()) {
    const bool counted = !same && !current.id.empty() && state_.restarts > 0;
    lives.push_back(Life{.instance = *state_.last,
                         .restart = counted ? state_.restarts - 1 : state_.restarts,
                         .previous = true,
                         .over = true});
  }
  if (!current.id.empty() && !same) {
    lives.push_back(Life{.instance = current,
                         .restart = state_.restarts,
                         .over = state_.phase != ContainerState::Phase::kRunning});
  }
  if (target_.until != 0) CutOff(lives);
  return lives;
}

// To what is part of a rollout that is over.
void ContainerFollower::CutOff(std::vector<Life>& lives) const {
  std::erase_if(lives, [this](const Life& life) { return life.instance.started > target_.until; });
  for (Life& life : lives) {
    life.over = true;
    if (life.instance.finished > target_.until) life.instance.finished = 0;  // no part of it
  }
}

const ContainerFollower::Life* ContainerFollower::Find(const std::vector<Life>& lives) const {
  const auto found = std::ranges::find_if(
      lives, [this](const Life& life) { return life.instance.id == point_.container_id; });
  return found == lives.end() ? nullptr : &*found;
}

void ContainerFollower::OnState(const ContainerState& state) {
  const bool same = state == state_;
  state_ = state;
  if (same) return;
  if (stream_ != nullptr) {
    // It ends by itself when its life has; if not, another read tells.
    const std::vector<Life> lives = Lives();
    const Life* life = Find(lives);
    const bool over = !reading_.over && (life == nullptr || life->over);
    if (over && !resting_) AwaitEnd(kMostWaits);
    return;
  }
  if (pod_gone_) return;
  if (in_doubt_) accept_gap_ = false;  // What has begun may explain it.
  resting_ = in_doubt_ = false;
  Step();
}

void ContainerFollower::OnPodGone() {
  if (std::exchange(pod_gone_, true)) return;
  if (stream_ != nullptr) return AwaitEnd(kMostWaits);
  resting_ = in_doubt_ = false;
  Step();
}

void ContainerFollower::Step() {
  if (stream_ != nullptr || resting_) return;
  const std::vector<Life> lives = Lives();
  const Life* life = Find(lives);
  if (!point_.container_id.empty() && !point_.complete) {
    if (pod_gone_ && clean_end_) {
      Complete();
    } else if (life != nullptr && !(pod_gone_ && failures_ > kMostTriesOfGone)) {
      return Open(*life);
    } else {
      // Read too early or too late, lines may even be those of the life that is known now.
      if (life == nullptr && !lives.empty() && HasLinesOf(lives.front())) {
        GiveLinesTo(lives.front());
      }
      LoseRest(pod_gone_ ? "its pod is gone" : "newer lives have begun");
    }
  }
  const Life* next = life == nullptr ? lives.data() : life + 1;
  if (next != lives.data() + lives.size()) {
    Begin(*next);
    return Open(*next);
  }
  TellQuiet();
}

void ContainerFollower::Begin(const Life& life) {
  const bool first = point_.container_id.empty();
  const uint64_t expected = first ? 0 : restart_ + 1;
  clean_end_ = accept_gap_ = quiet_told_ = empty_once_ = false;
  failures_ = 0;
  reader_.reset();
  ended_reader_.reset();
  if (later_ && later_->container_id == life.instance.id) {
    point_ = *later_;
  } else {
    point_ = ResumePoint{.container_id = life.instance.id};
    point_.after_gap = target_.since != 0;
  }
  later_.reset();
  restart_ = life.restart;
  if (life.restart > expected && target_.since == 0) {
    const uint64_t missed = life.restart - expected;
    SayGap(std::to_string(missed) + (missed == 1 ? " life" : " lives") + " of container " +
           target_.container + " came and went unseen: the kubelet keeps the log of one");
  }
  const TimeNs time = life.instance.started != 0 ? life.instance.started : port_.Now();
  sink_.Take(StartEntry(target_, life.instance, life.restart, time));
  sink_.Flush();
}

void ContainerFollower::Open(const Life& life) {
  if (sink_.Full()) return Rest(options_.full_ms);
  reading_ = life;
  LifeReadOptions options{.source = target_.source,
                          .entry_bytes = options_.entry_bytes,
                          .redactor = options_.redactor,
                          .whole = life.previous && target_.since == 0,
                          .since = point_.lines == 0 ? target_.since : 0,
                          .last = target_.until};
  if (std::exchange(accept_gap_, false)) {
    options.on_gap = [this] {
      SayGap("lines of container " + target_.container +
             " are missing here: its log was rotated before they could be read");
    };
  } else if (life.over && life.instance.finished != 0) {
    options.until = life.instance.finished + kSecondNs;  // The API tells whole seconds.
  }
  if (clean_end_ && reader_ != nullptr) ended_reader_ = std::move(reader_);
  reader_ = std::make_unique<LifeReader>(point_, sink_, options);
  read_any_ = false;
  LogQuery query{.namespace_name = target_.namespace_name,
                 .pod = target_.pod,
                 .container = target_.container,
                 .follow = !life.over,
                 .previous = life.previous};
  if (!options.whole) query.since_s = point_.Since();
  if (options.since != 0) query.since_s = options.since / kSecondNs;
  ++stats_.opened;
  ++stats_.open_streams;
  stream_ = port_.Open(query, {.on_open = {},
                               .on_bytes = [this](std::string_view bytes) { OnBytes(bytes); },
                               .on_end = [this](const kube::ApiEnd& end) { OnEnd(end); }});
}

void ContainerFollower::CloseStream() {
  if (stream_ == nullptr) return;
  stream_.reset();
  --stats_.open_streams;
}

void ContainerFollower::OnBytes(std::string_view bytes) {
  stats_.bytes += bytes.size();
  failures_ = 0;
  clean_end_ = false;
  read_any_ = true;
  ended_reader_.reset();
  reader_->Feed(bytes);
  sink_.Flush();
  if (reader_->halt() != LifeReader::Halt::kNone) return OnHalt();
  if (!sink_.Full()) return;
  // Never hold a stream back: the kubelet would lose lines without a sign. Its file keeps them.
  ++stats_.pauses;
  CloseStream();
  Rest(options_.full_ms);
}

void ContainerFollower::OnHalt() {
  CloseStream();
  if (reader_->halt() == LifeReader::Halt::kEarlierLife) return PutRight();
  if (reading_.previous && reader_->halt() == LifeReader::Halt::kOtherLife) {
    LoseRest("newer lives have begun");
    resting_ = false;
    return Step();
  }
  const std::vector<Life> lives = Lives();
  const Life* life = Find(lives);
  if (life == nullptr || life->previous != reading_.previous) {
    resting_ = false;  // Known by now: a newer life has begun.
    return Step();
  }
  accept_gap_ = true;
  Rest(options_.doubt_ms);
  in_doubt_ = true;
}

void ContainerFollower::OnEnd(const kube::ApiEnd& end) {
  CloseStream();
  alarm_.reset();
  resting_ = false;
  if (end.ok() && end.status != kNoContent) return OnComplete();
  if (end.how == kube::ApiEnd::How::kRefused) return OnRefused(end);
  ++stats_.reconnects;
  clean_end_ = false;
  Retry();
}

// What was read is the log of the life behind this one, which had begun unknown to us.
void ContainerFollower::PutRight() {
  const std::vector<Life> lives = Lives();
  const Life* life = Find(lives);
  const Life* next = life == nullptr ? lives.data() : life + 1;
  if (next != lives.data() + lives.size()) {
    GiveLinesTo(*next);
    point_ = ResumePoint{.container_id = point_.container_id};
  }
  reader_.reset();
  resting_ = clean_end_ = false;
  if (later_) return Step();
  Rest(options_.again_ms);  // It is not known yet.
}

// It is that of a life without lines, or of a newer one that is not known yet: of ours there would
// be the line at least that was last seen.
void ContainerFollower::OnEmptyRead() {
  if (point_.lines > 0 && reading_.previous) {
    const std::vector<Life> lives = Lives();
    const Life* life = Find(lives);
    const Life* next = life == nullptr ? lives.data() : life + 1;
    if (next != lives.data() + lives.size() && HasLinesOf(*next)) return PutRight();
    LoseRest("newer lives have begun");
    return Step();
  }
  if (!std::exchange(empty_once_, true)) {
    return Rest(point_.lines > 0 ? options_.doubt_ms : options_.again_ms);
  }
  if (point_.lines > 0) {
    LoseRest("newer lives have begun");
  } else {
    Complete();
  }
  Step();
}

// A kubelet rests for a second at least before it starts a container again, so whole seconds tell.
bool ContainerFollower::HasLinesOf(const Life& life) const {
  const TimeNs started = life.instance.started;
  return started != 0 && point_.lines > 0 && point_.first >= started;
}

void ContainerFollower::GiveLinesTo(const Life& life) {
  later_ = point_;
  later_->container_id = life.instance.id;
  sink_.Take(MoveEntry(target_, life.instance.id, life.restart, port_.Now()));
}

void ContainerFollower::OnComplete() {
  clean_end_ = true;
  if (pod_gone_ || (reading_.over && reader_->any_line())) {
    Complete();
    return Step();
  }
  if (reading_.over) return OnEmptyRead();
  const std::vector<Life> lives = Lives();
  const Life* life = Find(lives);
  if (life != nullptr && life->over) return Step();
  Rest(options_.again_ms);
}

void ContainerFollower::OnRefused(const kube::ApiEnd& end) {
  ++stats_.reconnects;
  if (pod_gone_ && end.status == kNotFound) {
    failures_ = kMostTriesOfGone + 1;
    return Step();
  }
  if (reading_.previous && end.status == kBadRequest) {
    LoseRest("the kubelet does not have its log any more");
    return Step();
  }
  if ((end.status == 401 || end.status == 403) && !std::exchange(refusal_said_, true)) {
    SayGap("the log of container " + target_.container + " can't be read: " + end.message);
  }
  Retry();
}

void ContainerFollower::Complete() {
  // A read that came to nothing leaves the unfinished line with the one before it.
  LifeReader* const last = ended_reader_ != nullptr ? ended_reader_.get() : reader_.get();
  if (last != nullptr && !last->Finish().empty()) ++stats_.kubelet_words;
  reader_.reset();
  ended_reader_.reset();
  const std::vector<Life> lives = Lives();
  const Life* life = Find(lives);
  if (life == nullptr && reading_.instance.id == point_.container_id) life = &reading_;
  if (life != nullptr && life->over && life->instance.finished != 0) {
    sink_.Take(ExitEntry(target_, life->instance, life->restart));
  }
  sink_.Flush();
  point_.complete = true;
}

void ContainerFollower::LoseRest(std::string_view why) {
  SayGap("the last lines of container " + target_.container +
         " may be missing here: " + std::string(why));
  Complete();
}

void ContainerFollower::SayGap(std::string_view what) {
  ++stats_.gaps;
  sink_.Take(GapEntry(target_, point_.container_id, restart_, what, port_.Now()));
  sink_.Flush();
}

void ContainerFollower::Retry() {
  const uint64_t doubled = options_.retry_min_ms << std::min<uint64_t>(failures_, 16);
  const uint64_t rest = std::min(options_.retry_max_ms, doubled);
  ++failures_;
  Rest(rest / 2 + port_.Below(rest + 1));
}

void ContainerFollower::Rest(uint64_t delay_ms) {
  resting_ = true;
  alarm_ = port_.After(delay_ms, [this] {
    resting_ = in_doubt_ = false;
    Step();
  });
}

// The stream of what is gone ends by itself, or is ended when nothing comes any more, or at last.
void ContainerFollower::AwaitEnd(uint64_t waits) {
  resting_ = true;
  read_any_ = false;
  alarm_ = port_.After(options_.stale_ms, [this, waits] {
    if (read_any_ && waits > 1) return AwaitEnd(waits - 1);
    resting_ = false;
    clean_end_ = false;
    ++failures_;
    CloseStream();
    Step();
  });
}

bool ContainerFollower::Quiet() const {
  if (stream_ != nullptr || resting_) return false;
  if (!point_.container_id.empty() && !point_.complete) return false;
  const std::vector<Life> lives = Lives();
  return lives.empty() || lives.back().instance.id == point_.container_id;
}

void ContainerFollower::TellQuiet() {
  if (on_quiet_ && Quiet() && !std::exchange(quiet_told_, true)) on_quiet_();
}

}  // namespace tailrace
