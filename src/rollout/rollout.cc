#include "rollout/rollout.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "rollout/error_line.h"
#include "rollout/object_notes.h"
#include "rollout/rollout_status.h"

namespace tailrace {
namespace {

constexpr TimeNs kNsPerMs = 1'000'000;
constexpr TimeNs kNsPerSecond = 1'000'000'000;
constexpr TimeNs kLiveNs = 10 * kNsPerSecond;  // what is told to be younger has just happened
constexpr size_t kMaxErrorLineBytes = 500;
constexpr size_t kMaxExits = 10'000;
constexpr std::string_view kVerdictKey = "verdict";
constexpr std::string_view kUnstableKey = "unstable";
constexpr std::string_view kMissedKey = "missed";
constexpr std::string_view kChangeCause = "kubernetes.io/change-cause";

// "41 s", "3 min 20 s"
std::string Duration(TimeNs time) {
  const int64_t seconds = std::max<int64_t>(0, time / kNsPerSecond);
  if (seconds < 60) return std::to_string(seconds) + " s";
  return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
}

std::string Plural(uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string Images(const Workload& workload) {
  std::string text;
  for (const ContainerImage& image : workload.images) {
    if (!text.empty()) text += ", ";
    text += image.container + " " + image.image;
  }
  return text;
}

// What explains a verdict, and does not only repeat it or say that Kubernetes rests.
bool IsTrouble(std::string_view key, std::string_view text) {
  return key.find('/') != std::string_view::npos && !key.starts_with("condition/Progressing") &&
         !key.ends_with("/CrashLoopBackOff") && !text.starts_with("BackOff:");
}

// "exit/PODUID/CONTAINER" -> "PODUID/CONTAINER"
constexpr std::string_view kExitKey = "exit/";
constexpr std::string_view kProbeFailed = "Unhealthy: ";

// Containers of other roles end when their work is done.
bool RunsForEver(const Container& container) {
  return container.role == Container::Role::kApp || container.role == Container::Role::kSidecar;
}

}  // namespace

Rollout::Rollout(RolloutId id, RolloutOptions options, TimeNs began)
    : id_(std::move(id)), options_(options), began_(began) {}

void Rollout::Add(Note note, TimeNs now) {
  if (!told_.Take(note)) return;
  const bool is_live = note.time == 0 || (note.time <= now && now - note.time < kLiveNs);
  if (is_live) note.time = now;
  if (note.level != NoteLevel::kInfo && IsTrouble(note.key, note.text)) {
    TakeTrouble(note.source, note.text);
  }
  notes_.push_back(std::move(note));
}

// A probe that fails says less than what made it fail.
void Rollout::TakeTrouble(std::string_view source, std::string_view text) {
  const bool is_probe = text.starts_with(kProbeFailed);
  if (is_probe && !trouble_.empty() && !trouble_is_probe_) return;
  trouble_ = std::string(source) + ": " + std::string(text);
  trouble_is_probe_ = is_probe;
}

void Rollout::AddAll(std::vector<Note> notes, TimeNs now) {
  for (Note& note : notes) Add(std::move(note), now);
}

void Rollout::AddOwn(std::string key, std::string text, NoteLevel level, TimeNs now) {
  Add({.key = std::move(key),
       .value = "1",
       .source = source_,
       .text = std::move(text),
       .level = level},
      now);
}

void Rollout::TellBegin(const Workload& workload, TimeNs now) {
  source_ = WorkloadSource(workload);
  std::string text = std::string(WorkloadKindWord(workload.kind)) + " " + workload.meta.name +
                     " in " + workload.meta.namespace_name;
  const bool has_revisions =
      workload.kind != WorkloadKind::kJob && workload.kind != WorkloadKind::kPod;
  if (has_revisions) text += ": revision " + id_.revision;
  if (has_revisions) text += ", " + Plural(workload.desired, "replica");
  if (!workload.images.empty()) text += ", " + Images(workload);
  AddOwn("begin", std::move(text), NoteLevel::kInfo, now);
  const auto cause = workload.meta.annotations.find(kChangeCause);
  if (cause != workload.meta.annotations.end()) {
    AddOwn("cause", "Reason: " + cause->second, NoteLevel::kInfo, now);
  }
}

void Rollout::Begin(const Workload& workload, TimeNs now) {
  TellBegin(workload, now);
  OnWorkload(workload, now);
}

void Rollout::BeginAfterwards(const Workload& workload, TimeNs now) {
  const bool has_failed = JudgeAfterwards(workload).state == RolloutStatus::State::kFailed;
  verdict_time_ = VerdictTime(workload);
  const TimeNs window = static_cast<TimeNs>(options_.stability_ms) * kNsPerMs;
  // What has failed goes on trying.
  lines_until_ = verdict_time_ && !has_failed ? *verdict_time_ + kNsPerSecond + window : kNoLimit;
  explains_pods_ = has_failed;
  TellBegin(workload, now);
  Add({.key = std::string(kMissedKey),
       .value = std::to_string(began_),
       .source = source_,
       .text = "it began and ended while it was not followed; what is still there is told now",
       .level = NoteLevel::kWarning},
      now);
}

void Rollout::OnWorkloadAfterwards(const Workload& workload, TimeNs now) {
  name_ = std::string(WorkloadKindWord(workload.kind)) + " \"" + workload.meta.name + '"';
  replicas_ = workload.desired;
  RolloutStatus status = JudgeAfterwards(workload);
  if (status.state == RolloutStatus::State::kWaiting) return;
  verdict_ = std::move(status.words);
  const bool has_failed = status.state == RolloutStatus::State::kFailed;
  Add({.key = std::string(kVerdictKey),
       .value = "1",
       .source = source_,
       .text = verdict_,
       .level = has_failed ? NoteLevel::kError : NoteLevel::kInfo,
       .time = verdict_time_.value_or(now)},
      now);
  if (has_failed) return Finish(OutcomeKind::kFailed, std::string(verdict_));
  judged_ = now;
  if (!unstable_.empty()) {
    AddOwn(std::string(kUnstableKey), unstable_, NoteLevel::kError, now);
    return Finish(OutcomeKind::kFailed, unstable_);
  }
  Finish(OutcomeKind::kSucceeded, verdict_);
}

void Rollout::OnWorkload(const Workload& workload, TimeNs now) {
  if (outcome_) return;
  if (IsMissed()) return OnWorkloadAfterwards(workload, now);
  source_ = WorkloadSource(workload);
  name_ = std::string(WorkloadKindWord(workload.kind)) + " \"" + workload.meta.name + '"';
  replicas_ = workload.desired;
  std::vector<Note> notes;
  if (!judged_) AddWorkloadNotes(workload, notes);
  AddAll(std::move(notes), now);
  if (judged_) return Tick(now);
  RolloutStatus status = JudgeRollout(workload);
  if (status.state == RolloutStatus::State::kWaiting) return;
  verdict_ = std::move(status.words);
  if (status.state == RolloutStatus::State::kFailed) {
    AddOwn(std::string(kVerdictKey), verdict_, NoteLevel::kError, now);
    std::string reason = verdict_;
    return Finish(OutcomeKind::kFailed, std::move(reason));
  }
  AddOwn(std::string(kVerdictKey), verdict_, NoteLevel::kInfo, now);
  judged_ = now;
  Tick(now);
}

void Rollout::OnPod(const Pod& pod, TimeNs now) {
  if (outcome_ || (lines_until_ && pod.meta.created > *lines_until_)) return;
  std::vector<Note> notes;
  if (explains_pods_) AddPodNotes(pod, notes);
  AddAll(std::move(notes), now);
  for (const Container& container : pod.containers) OnLives(pod, container, now);
}

// Notes when a container's life has ended, and what that means after the verdict.
void Rollout::OnLives(const Pod& pod, const Container& container, TimeNs now) {
  const std::string source = pod.meta.name + "/" + container.name;
  uint64_t& restarts = restarts_[pod.meta.uid + "/" + container.name];
  restarts = std::max(restarts, static_cast<uint64_t>(std::max<int64_t>(0, container.restarts)));
  std::vector<const ContainerLife*> ended;
  if (container.last) ended.push_back(&*container.last);
  if (container.state == Container::State::kTerminated) ended.push_back(&container.current);
  for (const ContainerLife* const life : ended) {
    if (exits_.size() >= kMaxExits || !exits_.insert(life->id).second) continue;
    const bool is_earlier = life->finished != 0 && life->finished + kNsPerSecond < began_;
    if (!RunsForEver(container) || pod.meta.deleting || is_earlier) continue;
    trouble_ = source + " " + ExitWords(*life);
    trouble_is_probe_ = false;
    const TimeNs window = static_cast<TimeNs>(options_.stability_ms) * kNsPerMs;
    const std::optional<TimeNs> after = AfterVerdict(*life, now);
    if (!after || outcome_ || pod.meta.owner_kind == "Job" || *after >= window) continue;
    unstable_ = "unstable: " + trouble_ + " within " + Duration(*after) + " after the verdict";
    if (IsMissed()) continue;  // OnWorkload tells it, behind the verdict
    AddOwn(std::string(kUnstableKey), unstable_, NoteLevel::kError, now);
    Finish(OutcomeKind::kFailed, unstable_);
  }
}

// How long after the verdict a life has ended, if it was after it.
std::optional<TimeNs> Rollout::AfterVerdict(const ContainerLife& life, TimeNs now) const {
  if (!IsMissed()) return judged_ ? std::optional(now - *judged_) : std::nullopt;
  if (!verdict_time_ || life.finished <= *verdict_time_) return std::nullopt;
  return life.finished - *verdict_time_;
}

void Rollout::OnPodGone(const Pod& pod, TimeNs now) {
  if (outcome_) return;
  Add({.key = "pod/" + pod.meta.uid + "/gone",
       .value = "1",
       .source = pod.meta.name,
       .text = "the pod is gone"},
      now);
}

void Rollout::OnEvent(const KubeEvent& event, TimeNs now) {
  if (outcome_) return;
  if (event.time != 0 && event.time + kNsPerSecond < began_) return;  // whole seconds
  if (lines_until_ && event.time > *lines_until_) return;
  std::vector<Note> notes;
  AddEventNotes(event, notes);
  AddAll(std::move(notes), now);
}

void Rollout::OnOldPods(size_t stopping, TimeNs now) {
  old_pods_ = stopping;
  Tick(now);
}

void Rollout::OnSuperseded(std::string_view revision, TimeNs now) {
  if (outcome_) return;
  if (judged_) return Finish(OutcomeKind::kSucceeded, verdict_);
  const std::string words = "superseded by revision " + std::string(revision);
  AddOwn("superseded", words, NoteLevel::kWarning, now);
  Finish(OutcomeKind::kCancelled, words);
}

void Rollout::OnDeleted(TimeNs now) {
  if (outcome_) return;
  if (judged_) return Finish(OutcomeKind::kSucceeded, verdict_);
  const std::string words = name_.empty() ? "it was deleted" : name_ + " was deleted";
  AddOwn("deleted", words, NoteLevel::kWarning, now);
  Finish(OutcomeKind::kCancelled, words);
}

void Rollout::OnNotFollowed(const Pod& pod, const Container& container, TimeNs now) {
  Add({.key = "pod/" + pod.meta.uid + "/" + container.name + "/unfollowed",
       .value = "1",
       .source = pod.meta.name + "/" + container.name,
       .text = "its lines are missing here: too many containers are followed",
       .level = NoteLevel::kWarning},
      now);
}

void Rollout::OnLine(std::string_view source, std::string_view text) {
  if (!error_line_.empty() || !LooksLikeError(text)) return;
  error_line_ = std::string(source) + ": " + std::string(text.substr(0, kMaxErrorLineBytes));
}

void Rollout::Tick(TimeNs now) {
  if (!judged_ || outcome_ || IsMissed()) return;
  if (!unstable_.empty()) return Finish(OutcomeKind::kFailed, unstable_);
  const TimeNs age = now - *judged_;
  if (age < static_cast<TimeNs>(options_.stability_ms) * kNsPerMs) return;
  if (old_pods_ > 0 && age < static_cast<TimeNs>(options_.drain_ms) * kNsPerMs) return;
  Finish(OutcomeKind::kSucceeded, verdict_);
}

std::optional<TimeNs> Rollout::NextTick() const {
  if (!judged_ || outcome_ || IsMissed()) return std::nullopt;
  const uint64_t window =
      old_pods_ > 0 ? std::max(options_.stability_ms, options_.drain_ms) : options_.stability_ms;
  return *judged_ + static_cast<TimeNs>(window) * kNsPerMs;
}

void Rollout::Finish(OutcomeKind kind, std::string reason) {
  const bool explains = kind == OutcomeKind::kFailed && !trouble_.empty() &&
                        reason.find(trouble_) == std::string::npos;
  if (explains) reason += "; " + trouble_;
  reason.resize(std::min(reason.size(), kMaxReasonBytes));
  outcome_ = Outcome{.kind = kind, .reason = std::move(reason)};
}

std::vector<Note> Rollout::TakeNotes() {
  return std::exchange(notes_, {});
}

uint64_t Rollout::Restarts() const {
  uint64_t sum = 0;
  for (const auto& [source, count] : restarts_) sum += count;
  return sum;
}

Note Rollout::Summary(TimeNs now) const {
  std::string text(OutcomeName(outcome_->kind));
  const std::optional<TimeNs> ended = IsMissed() ? verdict_time_ : now;
  if (ended) text += " after " + Duration(*ended - began_);
  text += ": " + outcome_->reason + "; " + Plural(replicas_, "replica") + ", " +
          Plural(Restarts(), "restart");
  if (!error_line_.empty() && outcome_->kind != OutcomeKind::kSucceeded) {
    text += "; first error line: " + error_line_;
  }
  return {.key = "summary",
          .value = std::string(OutcomeName(outcome_->kind)),
          .source = source_,
          .text = std::move(text),
          .level = outcome_->kind == OutcomeKind::kFailed ? NoteLevel::kError : NoteLevel::kInfo,
          .time = now};
}

// ------------------------------------------------------------------------------------------------
// After a restart of the server

void Rollout::RecallExit(std::string_view key, std::string_view life, int64_t restarts) {
  exits_.emplace(life);
  uint64_t& known = restarts_[std::string(key.substr(kExitKey.size()))];
  known = std::max(known, static_cast<uint64_t>(std::max<int64_t>(0, restarts)));
}

// The rest BeginAfterwards knows.
void Rollout::RecallMissed(std::string_view began) {
  lines_until_ = kNoLimit;
  TimeNs time = 0;
  if (std::from_chars(began.data(), began.data() + began.size(), time).ec == std::errc()) {
    BeganBy(time);
  }
}

void Rollout::Recall(const Entry& entry) {
  if (entry.stream != kEventStream) return OnLine(entry.source, entry.text);
  if (entry.fields.empty()) return;
  simdjson::dom::parser parser;
  simdjson::dom::element fields;
  std::string_view key;
  if (parser.parse(entry.fields.data(), entry.fields.size()).get(fields)) return;
  if (!fields.is_object() || fields["key"].get(key)) return;
  std::string_view life;
  if (key.starts_with(kExitKey) && !fields["container_id"].get(life)) {
    int64_t restarts = 0;
    if (fields["restart"].get(restarts)) restarts = 0;
    return RecallExit(key, life, restarts);
  }
  std::string_view value;
  if (fields["value"].get(value)) return;
  told_.Recall(key, value);
  if (entry.level != NoteLevelName(NoteLevel::kInfo) && IsTrouble(key, entry.text)) {
    TakeTrouble(entry.source, entry.text);
  }
  if (key == kUnstableKey) unstable_ = entry.text;
  if (key == kMissedKey) RecallMissed(value);
  if (key == kVerdictKey && entry.level == NoteLevelName(NoteLevel::kInfo)) {
    judged_ = entry.time;
    verdict_ = entry.text;
  }
}

}  // namespace tailrace
