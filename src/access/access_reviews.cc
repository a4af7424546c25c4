#include "access/access_reviews.h"

#include <algorithm>
#include <utility>

#include "access/identity.h"

namespace tailrace {
namespace {

// Names of Kubernetes itself.
constexpr std::string_view kOwnNames = "system:";
constexpr const char* kAnonymous = "system:anonymous";
constexpr const char* kUnauthenticated = "system:unauthenticated";
constexpr const char* kAuthenticated = "system:authenticated";

// Of LabelsOfLog in rollout/log_name.h.
constexpr const char* kCluster = "cluster";
constexpr const char* kNamespace = "namespace";
constexpr const char* kUid = "uid";

void AppendPart(std::string& key, std::string_view part) {
  key.append(std::to_string(part.size())).append(":").append(part);
}

}  // namespace

std::string ReviewQuestion::Key() const {
  std::string key;
  for (const std::string* part : {&cluster, &namespace_name, &user}) AppendPart(key, *part);
  for (const std::string& group : groups) AppendPart(key, group);
  return key;
}

bool IsFromCluster(const LabelMap& labels) {
  return labels.contains(kUid) && labels.contains(kCluster) && labels.contains(kNamespace);
}

std::optional<ReviewQuestion> QuestionAbout(const AccessReviewConfig& config,
                                            const Identity& viewer, const LabelMap& labels) {
  if (!IsFromCluster(labels)) return std::nullopt;
  ReviewQuestion question{.cluster = labels.find(kCluster)->second,
                          .namespace_name = labels.find(kNamespace)->second};
  question.user = config.user_prefix + viewer.user;
  if (viewer.user.empty() || question.user.starts_with(kOwnNames)) {
    question.user = kAnonymous;
    question.groups = {kUnauthenticated};
    return question;
  }
  for (const std::string& group : viewer.groups) {
    std::string name = config.groups_prefix + group;
    if (!name.starts_with(kOwnNames)) question.groups.push_back(std::move(name));
  }
  question.groups.emplace_back(kAuthenticated);
  return question;
}

// ------------------------------------------------------------------------------------------------
// What is known

ReviewVerdict AccessReviews::Known(const ReviewQuestion& question) {
  const std::lock_guard lock(mutex_);
  const Entry* const entry = Find(question.Key());
  const auto fresh = entry != nullptr ? Fresh(*entry, now_ms_()) : std::nullopt;
  if (!fresh) return ReviewVerdict::kNotKnown;
  ++stats_.cached;
  return *fresh;
}

void AccessReviews::Ask(const ReviewQuestion& question, Post post, Done done) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = FindOrAdd(question);
  if (entry == nullptr) {
    ++stats_.failed;
    post([done = std::move(done)]() mutable { done(ReviewVerdict::kUnavailable); });
    return;
  }
  entry->waiters.push_back({std::move(post), std::move(done)});
  StartAsking(*entry);
}

ReviewVerdict AccessReviews::Watch(const ReviewQuestion& question) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = FindOrAdd(question);
  if (entry == nullptr) return ReviewVerdict::kUnavailable;
  const uint64_t now_ms = now_ms_();
  const std::optional<ReviewVerdict> fresh = Fresh(*entry, now_ms);
  if (fresh) return *fresh;
  StartAsking(*entry);
  return entry->failed_ms != 0 ? AfterFailure(*entry, now_ms) : ReviewVerdict::kNotKnown;
}

ReviewVerdict AccessReviews::BeginToWatch(const ReviewQuestion& question) {
  const ReviewVerdict verdict = Watch(question);
  if (verdict != ReviewVerdict::kNotKnown) return verdict;
  const std::lock_guard lock(mutex_);
  const Entry* const entry = Find(question.Key());
  const bool is_recent = entry != nullptr && entry->last == ReviewAnswer::kAllowed &&
                         now_ms_() < entry->said_ms + config_.allow_ms + config_.timeout_ms / 2;
  return is_recent ? ReviewVerdict::kAllowed : verdict;
}

AccessReviewStats AccessReviews::Stats() const {
  const std::lock_guard lock(mutex_);
  AccessReviewStats stats = stats_;
  stats.entries = entries_.size();
  stats.waiting = waiting_.size();
  return stats;
}

uint64_t AccessReviews::BelievedMs(const Entry& entry) const {
  return entry.last == ReviewAnswer::kAllowed ? config_.allow_ms : config_.deny_ms;
}

// Nothing: it has to be asked.
std::optional<ReviewVerdict> AccessReviews::Fresh(const Entry& entry, uint64_t now_ms) const {
  if (entry.last != ReviewAnswer::kNone && now_ms < entry.said_ms + BelievedMs(entry)) {
    return entry.last == ReviewAnswer::kAllowed ? ReviewVerdict::kAllowed : ReviewVerdict::kDenied;
  }
  if (entry.failed_ms == 0 || now_ms >= entry.failed_ms + config_.retry_ms) return std::nullopt;
  return AfterFailure(entry, now_ms);
}

ReviewVerdict AccessReviews::AfterFailure(const Entry& entry, uint64_t now_ms) const {
  const bool was_allowed = entry.last == ReviewAnswer::kAllowed;
  return was_allowed && now_ms < entry.said_ms + config_.grace_ms ? ReviewVerdict::kAllowed
                                                                  : ReviewVerdict::kUnavailable;
}

// ------------------------------------------------------------------------------------------------
// The table

AccessReviews::Entry* AccessReviews::Find(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &*found->second;
}

// Null: as many questions as there may be entries are under way.
AccessReviews::Entry* AccessReviews::FindOrAdd(const ReviewQuestion& question) {
  std::string key = question.Key();
  if (Entry* const entry = Find(key)) return entry;
  auto oldest = entries_.end();
  while (entries_.size() >= config_.cache_entries && oldest != entries_.begin()) {
    --oldest;
    if (oldest->asking) continue;
    index_.erase(oldest->key);
    oldest = entries_.erase(oldest);
  }
  if (entries_.size() >= config_.cache_entries) return nullptr;
  entries_.push_front({.key = std::move(key), .question = question});
  index_.emplace(entries_.front().key, entries_.begin());
  return &entries_.front();
}

// ------------------------------------------------------------------------------------------------
// Questions

void AccessReviews::StartAsking(Entry& entry) {
  if (std::exchange(entry.asking, true)) return;
  if (stats_.asking < config_.concurrent) {
    Send(entry);
  } else {
    waiting_.push_back(entry.key);
  }
}

void AccessReviews::Send(Entry& entry) {
  ++stats_.asking;
  entry.asked_ms = now_ms_();
  asker_(entry.question, [this, key = entry.key](ReviewAnswer answer) { OnAnswer(key, answer); });
}

void AccessReviews::OnAnswer(const std::string& key, ReviewAnswer answer) {
  std::vector<Waiter> waiters;
  ReviewVerdict verdict = ReviewVerdict::kDenied;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = *index_.at(key);
    entry.asking = false;
    --stats_.asking;
    const uint64_t now_ms = now_ms_();
    if (answer == ReviewAnswer::kNone) {
      ++stats_.failed;
      entry.failed_ms = std::max<uint64_t>(now_ms, 1);
      verdict = AfterFailure(entry, now_ms);
    } else {
      const bool allowed = answer == ReviewAnswer::kAllowed;
      ++(allowed ? stats_.allowed : stats_.denied);
      if (allowed) verdict = ReviewVerdict::kAllowed;
      entry.last = answer;
      entry.said_ms = entry.asked_ms;
      entry.failed_ms = 0;
    }
    waiters.swap(entry.waiters);
    if (!waiting_.empty()) {
      const std::string next = std::move(waiting_.front());
      waiting_.pop_front();
      Send(*index_.at(next));
    }
  }
  for (Waiter& waiter : waiters) {
    waiter.post([done = std::move(waiter.done), verdict]() mutable { done(verdict); });
  }
}

}  // namespace tailrace
