// Gate: who may pass to a handler, and whose streams may go on. One of each worker, on its thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "access/access_reviews.h"
#include "access/authenticator_chain.h"
#include "access/grants.h"
#include "access/identity.h"
#include "server/answer.h"
#include "store/log_store.h"

namespace tailrace {

class Gate;
class Reply;
class Worker;
struct Call;

/// What a route is about.
enum class Object : uint8_t {
  kOpen,        ///< Nothing that needs a guard.
  kSelf,        ///< Nothing either, but it matters who asks.
  kPage,        ///< A page: the program's, without a log's content. Who must log in is sent there.
  kLogs,        ///< The list. Everybody who is somebody passes; what is shown is filtered.
  kLog,         ///< The log {type}/{id} of the path.
  kLogOfQuery,  ///< The log `type`, `id` of the query. None is named: the handler says so.
  kAllLogs,     ///< Every log that there is or will be.
};
/// "open", "self", "page", "logs", "log", "log-of-query", "all-logs".
std::string_view ObjectName(Object object);

/// What a route asks for; every route says it.
struct Need {
  Verb verb = Verb::kRead;
  Object object = Object::kOpen;
  bool stream = false;  ///< Answers 503 as streams do: `200` with `retry:`.
};

/// How far a request has come. Kept while an authenticator or the store is asked.
struct Passage {
  IdentityPtr identity;                 ///< Null: not known yet.
  size_t next_authenticator = 0;        ///< The first one that was not asked.
  std::optional<Decision> decided;      ///< By one that had to ask.
  std::optional<Result<LogInfo>> log;   ///< What was found, where the log itself decides.
  std::optional<ReviewVerdict> review;  ///< What its cluster said, if that had to be asked.
  bool late = false;  ///< The body is held until the handler takes it (Exchange::OnLateDispatch).
};

/// An identity with open streams. Its owner is the gate.
class Watched {
 public:
  const IdentityPtr& identity() const { return identity_; }
  const Rights& rights() const { return rights_; }
  /// False: it expired, was revoked or logged out.
  bool Holds() const { return holds_; }

 private:
  friend class Gate;
  IdentityPtr identity_;
  Rights rights_;
  struct Reviewed {
    ReviewQuestion question;
    ReviewVerdict verdict = ReviewVerdict::kNotKnown;
  };

  uint64_t streams_ = 0;
  bool holds_ = true;
  std::map<std::string, Reviewed> reviewed_;  // by ReviewQuestion::Key
};

/// Whether a stream may show a log.
enum class Sight : uint8_t {
  kYes,
  kNo,
  kAsking,       ///< It will be known soon, and Stream::Recheck comes then.
  kUnavailable,  ///< Nobody can tell at the moment; its client may come again.
};

/// A stream's share of its identity. Empty: everything is permitted for ever.
class StreamPass {
 public:
  StreamPass() = default;
  StreamPass(Gate& gate, Watched& watched) : gate_(&gate), watched_(&watched) {}
  StreamPass(StreamPass&& other) noexcept { *this = std::move(other); }
  StreamPass& operator=(StreamPass&& other) noexcept {
    std::swap(gate_, other.gate_);
    std::swap(watched_, other.watched_);
    std::swap(comes_again_, other.comes_again_);
    return *this;
  }
  ~StreamPass();

  /// The list, whatever it shows.
  bool MayList() const;
  Sight LookAt(const LogInfo& info) const;
  bool MayRead(const LogInfo& info) const;
  /// As far as is known without the log: labels, if they matter, are looked at later.
  bool MayReadSome(const LogKey& key) const;
  /// Nothing is known against it but the time since its proxy last vouched for it, and only the
  /// proxy can do that again; or that the log's cluster has not said yes (yet) to the last MayRead.
  bool IsToAskAgain() const;

 private:
  Gate* gate_ = nullptr;
  Watched* watched_ = nullptr;
  mutable bool comes_again_ = false;
};

class Gate {
 public:
  /// Makes the authenticators that the configuration wants. `worker` outlives it.
  explicit Gate(Worker& worker);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// True: `call.rights` is set and its handler may run. False: it is answered, or comes again
  /// through Routes::Resume with a `passage` that knows more.
  bool Admit(Call& call, Need need, Passage passage);

  /// For a stream of this identity, which was just found out.
  StreamPass Watch(const IdentityPtr& identity);

  /// What counts from now on; streams that it forbids end.
  void SetPolicy(PolicyPtr policy);
  /// Ends the streams of identities that do not hold any more. Once every recheck_ms.
  void Recheck();
  /// Of logs that are followed here. One that is only now known to have come from a cluster, since
  /// its labels are set behind its creation, may not be for all of its viewers.
  void OnCommits(const std::vector<Commit>& commits);
  /// Identities with open streams.
  size_t Size() const { return watched_.size(); }

 private:
  friend class StreamPass;
  static constexpr size_t kMostMet = 10'000;
  /// Identity::SameAs, as a key.
  using Key = std::tuple<Proof, std::string, std::string, std::string>;

  bool Identify(Call& call, Need need, Passage& passage);
  bool Permit(Call& call, Need need, Passage& passage);
  bool PermitLog(Call& call, Need need, Passage& passage);
  bool Review(Call& call, Need need, Passage& passage);
  Sight Review(Watched& watched, const LogInfo& info);
  bool Refuse(Call& call, Need need, const Problem& problem);
  void LookUp(Call& call, Passage passage);
  void Leave(Watched& watched);
  void RecheckStreams();
  void ScheduleRecheck();

  Worker& worker_;
  const bool enabled_;
  AccessReviews* const reviews_;  // null: nobody is asked about logs
  PolicyPtr policy_;
  AuthenticatorChain chain_;
  std::map<Key, Watched> watched_;
  std::unordered_set<uint64_t> met_;  // LogInfo::number of logs from clusters; at most kMostMet
};

}  // namespace tailrace
