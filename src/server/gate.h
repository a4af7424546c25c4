// Gate: who may pass to a handler, and whose streams may go on. One of each worker, on its thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

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
  IdentityPtr identity;                ///< Null: not known yet.
  size_t next_authenticator = 0;       ///< The first one that was not asked.
  std::optional<Decision> decided;     ///< By one that had to ask.
  std::optional<Result<LogInfo>> log;  ///< What was found for NameVerdict::kByLabels.
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
  uint64_t streams_ = 0;
  bool holds_ = true;
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
    return *this;
  }
  ~StreamPass();

  /// The list, whatever it shows.
  bool MayList() const;
  bool MayRead(const LogInfo& info) const;
  /// As far as is known without the log: labels, if they matter, are looked at later.
  bool MayReadSome(const LogKey& key) const;
  /// Nothing is known against it but the time since its proxy last vouched for it, and only the
  /// proxy can do that again.
  bool IsToAskAgain() const;

 private:
  Gate* gate_ = nullptr;
  Watched* watched_ = nullptr;
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
  /// Identities with open streams.
  size_t Size() const { return watched_.size(); }

 private:
  friend class StreamPass;
  /// Identity::SameAs, as a key.
  using Key = std::tuple<Proof, std::string, std::string, std::string>;

  bool Identify(Call& call, Need need, Passage& passage);
  bool Permit(Call& call, Need need, Passage& passage);
  bool Refuse(Call& call, Need need, const Problem& problem);
  void LookUp(Call& call, Passage passage);
  void Leave(Watched& watched);
  void RecheckStreams();
  void ScheduleRecheck();

  Worker& worker_;
  const bool enabled_;
  PolicyPtr policy_;
  AuthenticatorChain chain_;
  std::map<Key, Watched> watched_;
};

}  // namespace tailrace
