#include "source/kubernetes/log_opener.h"

#include <utility>

namespace tailrace {
namespace {

constexpr uint64_t kRetryMs = 1'000;

std::string LabelOf(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? "" : found->second;
}

bool IsSameRollout(const Labels& ours, const Labels& theirs) {
  return LabelOf(ours, kUidLabel) == LabelOf(theirs, kUidLabel) &&
         LabelOf(ours, kRevisionLabel) == LabelOf(theirs, kRevisionLabel);
}

}  // namespace

LogOpener::~LogOpener() {
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [this] { return under_way_ == 0; });
}

uint64_t LogOpener::Open(Wish wish) {
  const uint64_t number = next_number_++;
  wishes_[number] = {.wish = std::move(wish)};
  Ask(number);
  return number;
}

// Makes the log, which is then ours alone, with our words at once, so that it is never seen without
// the labels that say for whom it is; or finds one that is there, as it is.
void LogOpener::Ask(uint64_t number) {
  const auto found = wishes_.find(number);
  if (found == wishes_.end()) return;
  Asked& asked = found->second;
  asked.labelled = false;
  Labels labels = asked.wish.labels;
  labels[kWriterLabel] = kWriterAlone;
  Send(number, {.key = asked.wish.names.keys[asked.name],
                .title = asked.wish.title,
                .labels = std::move(labels),
                .only_if_new = true});
}

void LogOpener::Send(uint64_t number, CreateRequest request) {
  {
    const std::lock_guard lock(mutex_);
    ++under_way_;
  }
  request.from_source = true;
  request.done = [this, number](Result<CreateRequest::Answer> answer) {
    loop_.Post([this, number, answer = std::move(answer)] { OnAnswer(number, answer); });
    const std::lock_guard lock(mutex_);
    --under_way_;
    answered_.notify_all();
  };
  store_.Create(std::move(request));
}

void LogOpener::OnAnswer(uint64_t number, const Result<CreateRequest::Answer>& answer) {
  const auto found = wishes_.find(number);
  if (found == wishes_.end()) return;
  Asked& asked = found->second;
  if (!answer) {
    const ErrorCode code = answer.error().code;
    const bool later = code == ErrorCode::kUnavailable || code == ErrorCode::kOverloaded;
    if (!later) return Finish(number, Fail(answer.error()));
    return loop_.After(kRetryMs, [this, number] { Ask(number); });
  }
  if (asked.labelled || answer->created) return Finish(number, asked.wish.names.keys[asked.name]);
  OnFound(number, asked, *answer);
}

void LogOpener::OnFound(uint64_t number, Asked& asked, const CreateRequest::Answer& answer) {
  const LogInfo& info = answer.info;
  const Wish& wish = asked.wish;
  const bool is_ours = IsSameRollout(wish.labels, info.labels);
  if (info.HasEnded() && is_ours) {
    return Finish(number, Fail(ErrorCode::kConflict, info.key.Path() + " has ended already"));
  }
  const bool is_others = !is_ours && info.labels.contains(kUidLabel);
  if (info.HasEnded() || is_others) return TryNext(number, asked);
  CreateRequest request{.key = info.key};
  request.labels = info.labels;
  if (request.labels->size() < kMaxLabels) {
    request.labels->emplace(kWriterLabel, kWriterAmongOthers);
  }
  for (const auto& [name, value] : wish.labels) {
    if (request.labels->size() < kMaxLabels || request.labels->contains(name)) {
      (*request.labels)[name] = value;
    }
  }
  if (info.title.empty() || wish.insists_on_title) request.title = wish.title;
  asked.labelled = true;
  Send(number, std::move(request));
}

void LogOpener::TryNext(uint64_t number, Asked& asked) {
  if (++asked.name < asked.wish.names.keys.size()) return Ask(number);
  const std::string tried = asked.wish.names.keys.back().Path();
  Finish(number, Fail(ErrorCode::kConflict, tried + " and all names before it are taken"));
}

void LogOpener::Finish(uint64_t number, Result<LogKey> result) {
  auto node = wishes_.extract(number);
  node.mapped().wish.done(std::move(result));
}

}  // namespace tailrace
