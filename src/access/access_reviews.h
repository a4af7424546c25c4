// AccessReviews: whether a cluster lets somebody read what its pods print, by asking its API server
// (SubjectAccessReview, `get pods/log`), for logs that came from there.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/grants.h"
#include "access/outer_config.h"

namespace tailrace {

struct Identity;

/// May `user`, who is in `groups`, read the logs of the pods of this namespace?
struct ReviewQuestion {
  std::string cluster;  ///< As in the log's labels.
  std::string namespace_name;
  std::string user;
  std::vector<std::string> groups;

  /// The same for equal questions only.
  std::string Key() const;
};

/// What an API server said.
enum class ReviewAnswer : uint8_t { kAllowed, kDenied, kNone };

/// What is known.
enum class ReviewVerdict : uint8_t {
  kAllowed,
  kDenied,
  kUnavailable,  ///< Nobody could tell, lately; to be treated as a no that may change soon.
  kNotKnown,     ///< It has to be asked.
};

/// As of the call.
struct AccessReviewStats {
  uint64_t allowed = 0;  ///< Answers, by what they said.
  uint64_t denied = 0;
  uint64_t failed = 0;
  uint64_t cached = 0;   ///< Verdicts without a question.
  uint64_t asking = 0;   ///< Questions under way.
  uint64_t waiting = 0;  ///< For their turn.
  uint64_t entries = 0;
};

/// Whether these are the labels of a log that a rollout has made.
bool IsFromCluster(const LabelMap& labels);

/// What is asked about this log's viewer; nothing: it did not come from a cluster. Who has no name
/// is asked about as Kubernetes' own anonymous user, and so is whoever has a name of Kubernetes'
/// own ("system:…") behind the prefix: a portal cannot make anybody a cluster's administrator.
/// Groups of such names are left out.
std::optional<ReviewQuestion> QuestionAbout(const AccessReviewConfig& config,
                                            const Identity& viewer, const LabelMap& labels);

/// What all workers share. Any thread. For each question there is at most one under way, however
/// many wait for it.
class AccessReviews {
 public:
  using Post = std::function<void(std::move_only_function<void()>)>;
  using Done = std::move_only_function<void(ReviewVerdict)>;
  using Answered = std::move_only_function<void(ReviewAnswer)>;
  /// Any thread; answers later than the call returns, once, on any thread.
  using Asker = std::function<void(const ReviewQuestion& question, Answered answered)>;
  using NowMs = std::function<uint64_t()>;

  /// `now_ms` never goes back.
  AccessReviews(const AccessReviewConfig& config, Asker asker, NowMs now_ms)
      : config_(config), asker_(std::move(asker)), now_ms_(std::move(now_ms)) {}

  const AccessReviewConfig& config() const { return config_; }

  /// At once, from memory.
  ReviewVerdict Known(const ReviewQuestion& question);
  /// `done` by `post`, with anything but kNotKnown.
  void Ask(const ReviewQuestion& question, Post post, Done done);
  /// For those who look again and again, as streams: as Known, and it is asked. kNotKnown: it is
  /// being asked; who has heard an answer before goes by that.
  ReviewVerdict Watch(const ReviewQuestion& question);
  /// The same for the first look of one who was let in just now, by an answer that may have grown
  /// old since: it counts for half a timeout_ms longer.
  ReviewVerdict BeginToWatch(const ReviewQuestion& question);
  AccessReviewStats Stats() const;

 private:
  struct Waiter {
    Post post;
    Done done;
  };
  struct Entry {
    std::string key;
    ReviewQuestion question;
    ReviewAnswer last = ReviewAnswer::kNone;  // kept over failures
    uint64_t said_ms = 0;                     // when it was asked for: it is not newer than that
    uint64_t failed_ms = 0;                   // since it: a question came to nothing; 0: none did
    uint64_t asked_ms = 0;                    // when the last question began
    bool asking = false;                      // or waiting for its turn
    std::vector<Waiter> waiters;
  };
  using Entries = std::list<Entry>;

  Entry* Find(const std::string& key);
  Entry* FindOrAdd(const ReviewQuestion& question);
  std::optional<ReviewVerdict> Fresh(const Entry& entry, uint64_t now_ms) const;
  ReviewVerdict AfterFailure(const Entry& entry, uint64_t now_ms) const;
  uint64_t BelievedMs(const Entry& entry) const;
  void StartAsking(Entry& entry);
  void Send(Entry& entry);
  void OnAnswer(const std::string& key, ReviewAnswer answer);

  const AccessReviewConfig config_;
  const Asker asker_;
  const NowMs now_ms_;
  mutable std::mutex mutex_;
  Entries entries_;                                                // used last in front
  std::unordered_map<std::string_view, Entries::iterator> index_;  // by Entry::key
  std::deque<std::string> waiting_;                                // keys
  AccessReviewStats stats_;
};

}  // namespace tailrace
