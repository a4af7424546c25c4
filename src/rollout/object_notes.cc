#include "rollout/object_notes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>

#include "rollout/rollout_status.h"

namespace tailrace {
namespace {

// What every container goes through.
constexpr std::array<std::string_view, 3> kUsualWaits = {"ContainerCreating", "PodInitializing",
                                                         ""};

// The pod's status says them more exactly, or there is an entry of each container's life.
constexpr std::array<std::string_view, 6> kDoubledEvents = {
    "Scheduled", "FailedScheduling", "Created", "Started", "SuccessfulCreate", "SuccessfulDelete"};

// Of failed pulls there are these events beside those that say why.
constexpr std::array<std::string_view, 2> kPullNames = {"Error: ErrImagePull",
                                                        "Error: ImagePullBackOff"};

constexpr std::string_view kTruncated = "(combined from similar events): ";

template <size_t N>
bool IsIn(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// "reason: message", or what there is of it. Messages may end as the output that they quote does.
std::string Because(std::string_view reason, std::string_view message) {
  message = message.substr(0, message.find_last_not_of(" \t\r\n") + 1);
  std::string text(reason);
  if (!message.empty() && message != reason) {
    if (!text.empty()) text += ": ";
    text += message;
  }
  return text;
}

void AddScheduling(const Pod& pod, const std::string& key, std::vector<Note>& notes) {
  const Condition* const scheduled = pod.Find("PodScheduled");
  if (scheduled != nullptr && scheduled->status == "False" && pod.node.empty()) {
    notes.push_back(
        {.key = key + "unschedulable",
         .value = scheduled->message,
         .source = pod.meta.name,
         .text = "cannot be scheduled: " + Because(scheduled->reason, scheduled->message),
         .level = NoteLevel::kWarning});
  }
  if (!pod.node.empty()) {
    notes.push_back({.key = key + "scheduled",
                     .value = pod.node,
                     .source = pod.meta.name,
                     .text = "scheduled to " + pod.node});
  }
}

void AddWaiting(const Pod& pod, const std::string& key, std::vector<Note>& notes) {
  for (const Container& container : pod.containers) {
    const bool usual =
        container.state != Container::State::kWaiting || IsIn(kUsualWaits, container.reason);
    if (usual) continue;
    const bool is_back_off = container.reason == "CrashLoopBackOff";
    notes.push_back({.key = key + container.name + "/waiting/" + container.reason,
                     .value = is_back_off ? std::to_string(std::bit_floor(static_cast<uint64_t>(
                                                std::max<int64_t>(1, container.restarts))))
                                          : "1",
                     .source = pod.meta.name + "/" + container.name,
                     .text = "container " + container.name +
                             " waits: " + Because(container.reason, container.message),
                     .level = is_back_off ? NoteLevel::kError : NoteLevel::kWarning});
  }
}

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

void AddConditions(const Workload& workload, std::vector<Note>& notes) {
  for (const Condition& condition : workload.conditions) {
    const bool is_trouble =
        (condition.type == "ReplicaFailure" && condition.status == "True") ||
        (condition.type == "Progressing" && condition.status == "False" &&
         condition.reason != "ProgressDeadlineExceeded") ||  // that is the verdict
        (condition.type == "FailureTarget" && condition.status == "True");
    if (!is_trouble) continue;
    notes.push_back({.key = "condition/" + condition.type + "/" + condition.reason,
                     .value = "1",  // messages name another pod each time
                     .source = WorkloadSource(workload),
                     .text = Because(condition.reason, condition.message),
                     .level = NoteLevel::kError});
  }
}

}  // namespace

std::string WorkloadSource(const Workload& workload) {
  std::string source(WorkloadKindName(workload.kind));
  std::ranges::transform(source, source.begin(), [](unsigned char c) { return std::tolower(c); });
  return source + "/" + workload.meta.name;
}

std::string ExitWords(const ContainerLife& life) {
  std::string words = life.signal != 0 ? "was killed by signal " + std::to_string(life.signal)
                                       : "exited with code " + std::to_string(life.exit_code);
  if (!life.reason.empty()) words += " (" + life.reason + ")";
  return words;
}

void AddPodNotes(const Pod& pod, std::vector<Note>& notes) {
  const std::string key = "pod/" + pod.meta.uid + "/";
  AddScheduling(pod, key, notes);
  AddWaiting(pod, key, notes);
  const Condition* const ready = pod.Find("Ready");
  if (ready != nullptr && pod.phase == "Running" && !pod.meta.deleting) {
    const bool is_ready = ready->status == "True";
    notes.push_back({.key = key + "ready",
                     .value = ready->status,
                     .source = pod.meta.name,
                     .text = is_ready ? "ready" : "not ready any more",
                     .level = is_ready ? NoteLevel::kInfo : NoteLevel::kWarning,
                     .quiet_first = !is_ready});
  }
  if (pod.phase == "Failed" && !pod.reason.empty()) {
    notes.push_back({.key = key + "failed",
                     .value = pod.reason,
                     .source = pod.meta.name,
                     .text = "the pod has failed: " + Because(pod.reason, pod.message),
                     .level = NoteLevel::kError});
  }
  if (pod.meta.deleting) {
    notes.push_back({.key = key + "deleting",
                     .value = "1",
                     .source = pod.meta.name,
                     .text = "the pod is being deleted"});
  }
}

void AddWorkloadNotes(const Workload& workload, std::vector<Note>& notes) {
  const std::string source = WorkloadSource(workload);
  if (workload.kind != WorkloadKind::kPod && workload.kind != WorkloadKind::kJob) {
    notes.push_back({.key = "replicas",
                     .value = std::to_string(workload.desired),
                     .source = source,
                     .text = "scaled to " + std::to_string(workload.desired) + " replicas",
                     .quiet_first = true});
  }
  notes.push_back({.key = "paused",
                   .value = workload.paused ? "1" : "0",
                   .source = source,
                   .text = workload.paused ? "the rollout is paused" : "the rollout goes on",
                   .quiet_first = !workload.paused});
  AddConditions(workload, notes);
  const RolloutStatus status = JudgeRollout(workload);
  if (status.state == RolloutStatus::State::kWaiting && workload.kind != WorkloadKind::kPod) {
    notes.push_back({.key = "progress",
                     .value = status.words,
                     .source = source,
                     .text = Capitalized(status.words)});
  }
}

void AddEventNotes(const KubeEvent& event, std::vector<Note>& notes) {
  const bool is_doubled = IsIn(kDoubledEvents, event.reason) ||
                          (event.reason == "Failed" && IsIn(kPullNames, event.message));
  if (is_doubled) return;
  // Of these there is another one for each try.
  const bool is_try = event.reason == "FailedCreate";
  std::string_view message = event.message;
  if (message.starts_with(kTruncated)) message.remove_prefix(kTruncated.size());
  const uint64_t told_count = std::bit_floor(static_cast<uint64_t>(event.count));
  Note note{.key = "event/" + (is_try ? event.object_uid + "/" + event.reason : event.uid),
            .value = is_try ? "1" : std::to_string(told_count),
            .source = event.object_kind == "Pod" ? event.object_name : "",
            .text = Because(event.reason, message),
            .level = event.warning ? NoteLevel::kWarning : NoteLevel::kInfo,
            .time = event.time};
  if (note.source.empty()) {
    note.source = event.object_kind + "/" + event.object_name;
    std::ranges::transform(note.source, note.source.begin(),
                           [](unsigned char c) { return std::tolower(c); });
  } else if (!event.container.empty()) {
    note.source += "/" + event.container;
  }
  if (event.count > 1 && !is_try) note.text += " (" + std::to_string(event.count) + " times)";
  notes.push_back(std::move(note));
}

}  // namespace tailrace
