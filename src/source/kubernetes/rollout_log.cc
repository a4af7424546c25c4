#include "source/kubernetes/rollout_log.h"

#include <algorithm>
#include <utility>

namespace tailrace {
namespace {

constexpr TimeNs kNsPerMs = 1'000'000;
constexpr TimeNs kNsPerSecond = 1'000'000'000;
// What a running container has printed until its rollout is over, has come so long after it, or at
// least some of it has come within the last so long.
constexpr TimeNs kSettleMs = 1'000;
constexpr TimeNs kFirstLineMs = 4'000;  // The same of one that nothing was read of yet.
constexpr uint64_t kLookMs = 100;
constexpr TimeNs kReadAfterwardsMs = 300'000;  // What is left of a missed one is read by then.

ContainerInstance InstanceOf(const ContainerLife& life) {
  return {.id = life.id,
          .started = life.started,
          .finished = life.finished,
          .exit_code = life.exit_code,
          .signal = life.signal,
          .reason = life.reason};
}

// `since`: lives that ended before it are left out.
ContainerState StateOf(const Container& container, TimeNs since) {
  ContainerState state{.current = InstanceOf(container.current),
                       .restarts = static_cast<uint64_t>(std::max<int64_t>(0, container.restarts))};
  if (container.state == Container::State::kRunning) state.phase = ContainerState::Phase::kRunning;
  if (container.state == Container::State::kTerminated) {
    state.phase = ContainerState::Phase::kTerminated;
  }
  const bool is_wanted = container.last && container.last->finished + kNsPerSecond >= since;
  if (is_wanted) state.last = InstanceOf(*container.last);
  if (state.current.id.empty() && state.last) state.current = *state.last;
  return state;
}

}  // namespace

RolloutLog::RolloutLog(RolloutLogs& shared, Rollout& rollout, std::function<void()> on_closed)
    : shared_(shared),
      rollout_(rollout),
      on_closed_(std::move(on_closed)),
      memory_(Rollout(rollout.id(), RolloutOptions(), rollout.began())),
      timer_(shared.loop) {}

RolloutLog::~RolloutLog() {
  Stop();
}

void RolloutLog::Stop() {
  shared_.followers -= followed_.size();
  followed_.clear();
  timer_.Stop();
  if (wish_) shared_.opener.Cancel(*wish_);
  wish_.reset();
}

// ------------------------------------------------------------------------------------------------
// The beginning

void RolloutLog::Open(const Workload& workload) {
  LogOpener::Wish wish{.names = NamesOfLog(workload, shared_.type),
                       .title = TitleOfLog(workload),
                       .labels = LabelsOfLog(workload, shared_.cluster)};
  wish.insists_on_title = workload.meta.annotations.contains(kTitleAnnotation);
  if (!wish.names.problem.empty()) {
    AddNotes({{.key = "name",
               .value = "1",
               .text = wish.names.problem + "; the log has another name",
               .level = NoteLevel::kWarning,
               .time = shared_.clock.Now()}});
  }
  wish.done = [this](Result<LogKey> key) {
    wish_.reset();
    if (key) return UseWriter(std::move(*key));
    // It was not missed: what was known of it was a moment too old.
    if (rollout_.IsMissed() && key.error().code == ErrorCode::kConflict) return on_closed_();
    shared_.say.warn("a rollout in cluster " + shared_.cluster +
                     " has no log: " + key.error().message);
    on_closed_();
  };
  wish_ = shared_.opener.Open(std::move(wish));
}

void RolloutLog::Resume(LogKey key, LogMemory memory) {
  memory_ = std::move(memory);
  UseWriter(std::move(key));
}

void RolloutLog::UseWriter(LogKey key) {
  writer_ =
      std::make_unique<LogWriter>(shared_.writers, std::move(key), [this](const Error& error) {
        shared_.say.warn("log " + writer_->key().Path() + " takes nothing more: " + error.message);
        on_closed_();
      });
  AddRun(std::exchange(waiting_, {}));
  for (const auto& [uid, pod] : std::exchange(pods_, {})) OnPod(pod);
  if (over_) OnOver();
}

// ------------------------------------------------------------------------------------------------
// What goes into it

void RolloutLog::AddRun(const EntryRun& run) {
  if (run.Empty()) return;
  if (writer_ == nullptr) {
    waiting_.encoded += run.encoded;
    waiting_.count += run.count;
    waiting_.text_bytes += run.text_bytes;
    return;
  }
  Write(run);
  writer_->Flush();
}

void RolloutLog::Write(const EntryRun& run) {
  memory_.Take(run);
  writer_->Take(run, memory_.DueMemo());
}

void RolloutLog::AddNotes(std::vector<Note> notes) {
  if (ending_) return;
  EntryRun run;
  for (Note& note : notes) {
    const std::string fields = NoteFields(note);
    if (shared_.redactor != nullptr) shared_.redactor->Mask(note.text);
    run.Add({.time = note.time,
             .text = note.text,
             .stream = kEventStream,
             .source = note.source,
             .level = NoteLevelName(note.level),
             .fields = fields});
  }
  AddRun(run);
}

void RolloutLog::Take(const EntryRun& run) {
  if (rollout_.WantsLines()) {
    EntryReader reader(run.encoded);
    Entry entry;
    while (reader.Next(entry)) {
      if (entry.stream != kEventStream) rollout_.OnLine(entry.source, entry.text);
    }
  }
  Write(run);
}

void RolloutLog::Flush() {
  writer_->Flush();
}

// ------------------------------------------------------------------------------------------------
// Containers

void RolloutLog::OnPod(const Pod& pod) {
  if (ending_) return;
  if (writer_ == nullptr) {
    pods_[pod.meta.uid] = pod;
    return;
  }
  for (const Container& container : pod.containers) Follow(pod, container);
  if (over_) Look();
}

void RolloutLog::Follow(const Pod& pod, const Container& container) {
  const std::pair key(pod.meta.uid, container.name);
  auto found = followed_.find(key);
  if (found == followed_.end()) {
    if (shared_.followers >= shared_.max_followers) {
      ++shared_.not_followed;
      rollout_.OnNotFollowed(pod, container, shared_.clock.Now());
      return AddNotes(rollout_.TakeNotes());
    }
    const TimeNs started = container.current.started;
    const bool is_older = started != 0 && started + kNsPerSecond < rollout_.began();
    FollowTarget target{.namespace_name = pod.meta.namespace_name,
                        .pod = pod.meta.name,
                        .pod_uid = pod.meta.uid,
                        .container = container.name,
                        .source = pod.meta.name + "/" + container.name,
                        .since = is_older ? rollout_.began() : 0,
                        .until = rollout_.lines_until().value_or(0)};
    std::optional<FollowedBefore> before = memory_.recovery().Find(pod.meta.uid, container.name);
    ++shared_.followers;
    found = followed_.emplace(key, Followed{}).first;
    found->second.follower =
        std::make_unique<ContainerFollower>(shared_.port, std::move(target), shared_.follow, *this,
                                            shared_.follow_stats, std::move(before), [this] {
                                              if (over_) timer_.Start(0, [this] { Look(); });
                                            });
  }
  found->second.must_end =
      container.state == Container::State::kTerminated || pod.meta.deleting || rollout_.IsMissed();
  found->second.follower->OnState(StateOf(container, rollout_.began()));
}

void RolloutLog::OnPodGone(const Pod& pod) {
  pods_.erase(pod.meta.uid);
  for (auto& [key, followed] : followed_) {
    if (key.first != pod.meta.uid) continue;
    followed.must_end = true;
    followed.follower->OnPodGone();
  }
  if (over_ && !ending_) Look();
}

// ------------------------------------------------------------------------------------------------
// The end

void RolloutLog::OnOver() {
  if (!over_) over_ = shared_.clock.Now();
  if (writer_ == nullptr) return;  // then UseWriter comes back
  Look();
}

// Lines that were printed before the outcome are still to come.
bool RolloutLog::IsAnyBehind(TimeNs now) {
  const TimeNs judged = rollout_.judged().value_or(*over_);
  bool is_any = false;
  for (auto& [key, followed] : followed_) {
    const ContainerFollower& follower = *followed.follower;
    const uint64_t progress = follower.point().lines + follower.point().pieces;
    if (std::exchange(followed.progress, progress) != progress) followed.progressed = now;
    if (follower.Quiet()) continue;
    const bool is_late = now - judged < kFirstLineMs * kNsPerMs && !follower.HasRead();
    const bool is_coming =
        follower.point().latest < judged && now - followed.progressed < kSettleMs * kNsPerMs;
    is_any |= followed.must_end || is_late || is_coming;
  }
  return is_any;
}

// Ends the log once what was printed before its outcome has come, but not later than the drain
// window. The watches of workload and pods do not keep step, so a verdict may come before the
// containers are known that it is about.
void RolloutLog::Look() {
  if (ending_) return;
  const TimeNs now = shared_.clock.Now();
  const TimeNs age = (now - *over_) / kNsPerMs;
  const TimeNs settled = (now - rollout_.judged().value_or(*over_)) / kNsPerMs;
  const bool waits = IsAnyBehind(now);
  const TimeNs patience = rollout_.IsMissed()
                              ? kReadAfterwardsMs
                              : std::max(kFirstLineMs, static_cast<TimeNs>(shared_.drain_ms));
  const bool drained = age < 0 || age >= patience;
  if (waits && drained && rollout_.IsMissed()) {
    AddNotes({{.key = "unread",
               .value = "1",
               .text = "not all of it could be read",
               .level = NoteLevel::kWarning,
               .time = now}});
  }
  if (drained || (!waits && settled >= kSettleMs)) return End();
  timer_.Start(kLookMs, [this] { Look(); });
}

void RolloutLog::End() {
  Stop();
  const TimeNs now = shared_.clock.Now();
  std::vector<Note> notes;
  notes.push_back(rollout_.Summary(now));
  AddNotes(std::move(notes));
  ending_ = true;
  Outcome outcome = *rollout_.outcome();
  if (shared_.redactor != nullptr) shared_.redactor->Mask(outcome.reason);
  writer_->End(std::move(outcome), on_closed_);
}

}  // namespace tailrace
