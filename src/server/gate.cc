#include "server/gate.h"

#include <algorithm>
#include <utility>

#include "access/book_authenticators.h"
#include "access/same_origin.h"
#include "server/access_service.h"
#include "server/base_path.h"
#include "server/call.h"
#include "server/handlers/handlers.h"
#include "server/outer_authenticators.h"
#include "server/routes.h"
#include "server/worker.h"

namespace tailrace {
namespace {

// RFC 6750 §3: the scheme that a client may answer with, and whether what it showed has arrived.
std::string ChallengeOf(const RequestHead& head) {
  std::string challenge = "Bearer realm=\"tailrace\"";
  if (head.headers.Has("Authorization")) challenge += ", error=\"invalid_token\"";
  return challenge;
}

std::string KeyOf(const std::vector<std::string>& groups) {
  std::string key;
  for (const std::string& group : groups) key.append(group).push_back('\n');
  return key;
}

// The log that the request is about; nothing: none, or a name that the handler will complain about.
std::optional<LogKey> KeyOf(const Call& call, Object object) {
  if (object == Object::kLog) return call.key;
  const std::string_view type = call.query.Find("type").value_or("");
  const std::string_view id = call.query.Find("id").value_or("");
  const Result<LogKey> key = MakeLogKey(type, id);
  return key ? std::optional(*key) : std::nullopt;
}

// On HTTP/2 a browser sends each cookie in a field of its own (RFC 9113 §8.2.3).
std::string CookiesOf(const Headers& headers) {
  std::string cookies;
  for (const std::string_view field : headers.All("Cookie")) {
    cookies.append(cookies.empty() ? "" : "; ").append(field);
  }
  return cookies;
}

// Whether a browser adds the proof by itself, whoever's page makes it send the request.
bool IsAmbient(Proof proof, const RequestHead& head) {
  if (proof == Proof::kJwt) return !head.headers.Has("Authorization");  // it came by cookie
  return proof == Proof::kSession || proof == Proof::kForwardAuth || proof == Proof::kProxyHeaders;
}

// RFC 6265bis §8.8: SameSite=Lax is the first line, this the second.
bool ComesFromElsewhere(const Call& call) {
  if (IsSafeMethod(call.head.method) || !IsAmbient(call.identity->proof, call.head)) return false;
  if (call.worker.shared().cors.Allows(call.head)) return false;
  const ClientOrigin& origin = call.exchange.origin();
  return !IsSameOrigin(call.head, origin.secure, origin.host);
}

// "../../login?next=logs/a/b": relative, as a proxy may have cut off a base path.
Answer ToLogin(const Call& call) {
  const std::string& elsewhere = call.worker.config().access.login_url;
  const std::string_view path = call.path.substr(1);
  if (!elsewhere.empty()) return ToLoginElsewhere(call, path);
  std::string location;
  for (size_t i = 0; i < static_cast<size_t>(std::ranges::count(path, '/')); ++i) {
    location += "../";
  }
  location += "login";
  if (!path.empty()) location.append("?next=").append(path);
  Answer answer;
  answer.status = 303;
  answer.headers.Add("Location", location);
  answer.headers.Add("Cache-Control", "no-store");
  return answer;
}

Problem Unauthenticated() {
  return ProblemFrom(401, "log in, or show a token that may do this");
}

// Unknown and forbidden look the same.
Problem Forbidden(const Call& call, Need need, const std::optional<LogKey>& key) {
  if (!call.identity->IsSomebody()) return Unauthenticated();
  if (need.verb == Verb::kRead && key) {
    return ProblemFrom({ErrorCode::kNotFound, "there is no log " + key->Path()});
  }
  return ProblemFrom(403, "this needs the right to " + std::string(VerbName(need.verb)) +
                              (key ? " " + key->Path() : " all logs"));
}

}  // namespace

std::string_view ObjectName(Object object) {
  switch (object) {
    case Object::kOpen:
      return "open";
    case Object::kSelf:
      return "self";
    case Object::kPage:
      return "page";
    case Object::kLogs:
      return "logs";
    case Object::kLog:
      return "log";
    case Object::kLogOfQuery:
      return "log-of-query";
    case Object::kAllLogs:
      return "all-logs";
  }
  return "";
}

// ------------------------------------------------------------------------------------------------
// Requests

Gate::Gate(Worker& worker)
    : worker_(worker),
      enabled_(worker.config().access.enabled),
      reviews_(worker.shared().reviews),
      policy_(enabled_ ? std::make_shared<const Policy>(Policy{worker.config().access.grants})
                       : OpenPolicy()) {
  if (!enabled_) return;
  // The order of docs/access.md, "Who somebody is".
  worker.shared().outer->AddLinksTo(chain_);
  AccessBook& book = worker.shared().access->book();
  chain_.Add(std::make_unique<TokenAuthenticator>(book));
  if (worker.config().access.login) chain_.Add(std::make_unique<SessionAuthenticator>(book));
  worker.shared().outer->AddTo(chain_, worker.loop());
  ScheduleRecheck();
}

Gate::~Gate() = default;

bool Gate::Admit(Call& call, Need need, Passage passage) {
  if (!enabled_) passage.identity = Anyone();
  if (need.object == Object::kOpen) {
    call.identity = Anyone();
    return true;
  }
  if (passage.identity == nullptr && !Identify(call, need, passage)) return false;
  call.identity = passage.identity;
  if (enabled_ && ComesFromElsewhere(call)) {
    return Refuse(call, need, ProblemFrom(403, "this was sent by a page of another site"));
  }
  call.rights = Rights(policy_, passage.identity);
  return Permit(call, need, passage);
}

// False: answered, or somebody is asked.
bool Gate::Identify(Call& call, Need need, Passage& passage) {
  const std::string cookies = CookiesOf(call.head.headers);
  Credentials credentials{call.head, call.query};
  const ClientOrigin& origin = call.exchange.origin();
  credentials.client_address = origin.address;
  credentials.secure = origin.secure;
  credentials.from_trusted_proxy = origin.from_trusted_proxy;
  credentials.cookies = cookies;
  credentials.authorization = call.head.headers.Find("Authorization").value_or("");
  Decision decision;
  size_t decided_by = 0;
  if (passage.decided && passage.decided->kind != Decision::Kind::kNotMine) {
    decision = *std::exchange(passage.decided, std::nullopt);
  } else {
    decision = chain_.Decide(credentials, passage.next_authenticator, decided_by);
  }
  if (decision.kind == Decision::Kind::kIdentity) {
    passage.identity = std::move(decision.identity);
    return true;
  }
  if (decision.kind == Decision::Kind::kRefused) {
    return Refuse(call, need, decision.refusal);
  }
  call.exchange.HoldBody(true);
  chain_.Ask(decided_by, credentials, [reply = call.reply, decided_by](Decision answer) {
    Passage later;
    later.next_authenticator = decided_by + 1;
    later.decided = std::move(answer);
    later.late = true;
    reply.worker().shared().routes.Resume(reply, std::move(later));
  });
  return false;
}

bool Gate::Permit(Call& call, Need need, Passage& passage) {
  const Rights& rights = call.rights;
  bool permitted = false;
  switch (need.object) {
    case Object::kOpen:
    case Object::kSelf:
      permitted = true;
      break;
    case Object::kPage:
    case Object::kLogs:
      permitted = call.identity->IsSomebody() || rights.ToSome(need.verb);
      break;
    case Object::kAllLogs:
      permitted = rights.ToAll(need.verb);
      break;
    case Object::kLog:
    case Object::kLogOfQuery:
      if (KeyOf(call, need.object)) return PermitLog(call, need, passage);
      permitted = call.identity->IsSomebody() || rights.ToSome(need.verb);
      break;
  }
  return permitted || Refuse(call, need, Forbidden(call, need, std::nullopt));
}

bool Gate::PermitLog(Call& call, Need need, Passage& passage) {
  const Rights& rights = call.rights;
  const LogKey key = *KeyOf(call, need.object);
  const NameVerdict verdict = rights.To(need.verb, key.type, key.id);
  const bool is_reviewed = reviews_ != nullptr && need.verb == Verb::kRead;
  const bool is_to_look_up =
      verdict == NameVerdict::kByLabels || (verdict == NameVerdict::kYes && is_reviewed);
  if (is_to_look_up && !passage.log) {
    call.key = key;
    LookUp(call, std::move(passage));
    return false;
  }
  if (verdict == NameVerdict::kByLabels && !*passage.log &&
      passage.log->error().code == ErrorCode::kUnavailable) {
    return Refuse(call, need, ProblemFrom(passage.log->error()));  // nobody knows its labels
  }
  const bool permitted = verdict == NameVerdict::kYes ||
                         (verdict == NameVerdict::kByLabels && *passage.log &&
                          rights.To(need.verb, key.type, key.id, (*passage.log)->labels));
  if (!permitted) return Refuse(call, need, Forbidden(call, need, key));
  return !is_reviewed || Review(call, need, passage);
}

// What it is to be shown is known to the cluster it came from. A log that is not there (yet) came
// from nowhere; a stream that waits for it asks again when it comes (StreamPass).
bool Gate::Review(Call& call, Need need, Passage& passage) {
  const Result<LogInfo>& log = *passage.log;
  if (!log) {
    const bool is_missing = log.error().code == ErrorCode::kNotFound;
    if (need.stream || (is_missing && need.object == Object::kLogOfQuery)) {
      call.is_missing = is_missing;
      return true;
    }
    return Refuse(call, need, ProblemFrom(log.error()));
  }
  const auto question = QuestionAbout(reviews_->config(), *call.identity, log->labels);
  if (!question) return true;
  const ReviewVerdict verdict = passage.review ? *passage.review : reviews_->Known(*question);
  switch (verdict) {
    case ReviewVerdict::kAllowed:
      return true;
    case ReviewVerdict::kDenied:
      return Refuse(call, need, Forbidden(call, need, log->key));
    case ReviewVerdict::kUnavailable:
      return Refuse(call, need,
                    ProblemFrom({ErrorCode::kUnavailable,
                                 "the cluster of this log does not say who may see it"}));
    case ReviewVerdict::kNotKnown:
      break;
  }
  call.exchange.HoldBody(true);
  passage.late = true;
  const auto post = [&loop = worker_.loop()](std::move_only_function<void()> task) {
    loop.Post(std::move(task));
  };
  reviews_->Ask(*question, post,
                [reply = call.reply, passage = std::move(passage)](ReviewVerdict heard) mutable {
                  passage.review = heard;
                  reply.worker().shared().routes.Resume(reply, std::move(passage));
                });
  return false;
}

// Always false.
bool Gate::Refuse(Call& call, Need need, const Problem& problem) {
  if (need.stream && problem.status == 503) {
    call.reply.Send(ComeBackLater(worker_));
    return false;
  }
  const AccessConfig& access = worker_.config().access;
  const bool may_log_in = access.login || !access.login_url.empty();
  if (problem.status == 401 && may_log_in && need.object == Object::kPage) {
    call.reply.Send(ToLogin(call));
    return false;
  }
  Answer answer = ProblemAnswer(problem);
  if (problem.status == 401) answer.headers.Add("WWW-Authenticate", ChallengeOf(call.head));
  answer.headers.Add("Cache-Control", "no-store");
  call.reply.Send(std::move(answer));
  return false;
}

// The log's labels decide: they are read, and then the request comes again.
void Gate::LookUp(Call& call, Passage passage) {
  call.exchange.HoldBody(true);
  passage.late = true;
  auto read = [reply = call.reply, key = call.key,
               passage = std::move(passage)](const Result<void>& asked) mutable {
    Worker& worker = reply.worker();
    worker.Read(
        [&store = worker.store(), key, asked]() -> Result<LogInfo> {
          Result<LogInfo> info = store.Stat(key);
          if (!info && !asked) return Fail(asked.error());
          return info;
        },
        [reply, passage = std::move(passage)](Result<LogInfo> info) mutable {
          passage.log = std::move(info);
          reply.worker().shared().routes.Resume(reply, std::move(passage));
        });
  };
  if (reviews_ == nullptr) return read(Result<void>());
  WhenBroughtIn(call.reply, call.key, std::move(read));
}

// ------------------------------------------------------------------------------------------------
// Streams

StreamPass Gate::Watch(const IdentityPtr& identity) {
  if (!enabled_) return {};
  const Key key{identity->proof, identity->credential, identity->user, KeyOf(identity->groups)};
  Watched& watched = watched_[key];
  // It was proven just now, whatever was known of it before; streams that this ended have gone.
  watched.identity_ = identity;
  watched.rights_ = Rights(policy_, identity);
  watched.holds_ = true;
  std::erase_if(watched.reviewed_, [](const auto& reviewed) {
    return reviewed.second.verdict != ReviewVerdict::kAllowed;
  });
  ++watched.streams_;
  return {*this, watched};
}

void Gate::Leave(Watched& watched) {
  if (--watched.streams_ > 0) return;
  const Identity& identity = *watched.identity_;
  const Key key{identity.proof, identity.credential, identity.user, KeyOf(identity.groups)};
  watched_.erase(key);
}

StreamPass::~StreamPass() {
  if (watched_ != nullptr) gate_->Leave(*watched_);
}

bool StreamPass::MayList() const {
  return watched_ == nullptr || (watched_->Holds() && (watched_->identity()->IsSomebody() ||
                                                       watched_->rights().ToSome(Verb::kRead)));
}

Sight StreamPass::LookAt(const LogInfo& info) const {
  if (watched_ == nullptr) return Sight::kYes;
  const bool permitted = watched_->Holds() && watched_->rights().To(Verb::kRead, info.key.type,
                                                                    info.key.id, info.labels);
  return permitted ? gate_->Review(*watched_, info) : Sight::kNo;
}

bool StreamPass::MayRead(const LogInfo& info) const {
  const Sight sight = LookAt(info);
  comes_again_ = sight == Sight::kAsking || sight == Sight::kUnavailable;
  return sight == Sight::kYes;
}

bool StreamPass::MayReadSome(const LogKey& key) const {
  return watched_ == nullptr ||
         (watched_->Holds() &&
          watched_->rights().To(Verb::kRead, key.type, key.id) != NameVerdict::kNo);
}

bool StreamPass::IsToAskAgain() const {
  if (watched_ == nullptr) return false;
  return watched_->Holds() ? comes_again_ : watched_->identity()->proof == Proof::kProxyHeaders;
}

// What is said here changes in Recheck alone, so that a stream sees the same during a turn.
Sight Gate::Review(Watched& watched, const LogInfo& info) {
  if (reviews_ == nullptr) return Sight::kYes;
  auto question = QuestionAbout(reviews_->config(), *watched.identity_, info.labels);
  if (!question) return Sight::kYes;
  const std::string key = question->Key();
  auto found = watched.reviewed_.find(key);
  if (found == watched.reviewed_.end()) {
    if (watched.reviewed_.size() >= reviews_->config().cache_entries) return Sight::kUnavailable;
    const ReviewVerdict verdict = reviews_->BeginToWatch(*question);
    found = watched.reviewed_.emplace(key, Watched::Reviewed{std::move(*question), verdict}).first;
  }
  switch (found->second.verdict) {
    case ReviewVerdict::kAllowed:
      return Sight::kYes;
    case ReviewVerdict::kDenied:
      return Sight::kNo;
    case ReviewVerdict::kUnavailable:
      return Sight::kUnavailable;
    case ReviewVerdict::kNotKnown:
      break;
  }
  return Sight::kAsking;
}

void Gate::SetPolicy(PolicyPtr policy) {
  if (!enabled_) return;
  policy_ = std::move(policy);
  for (auto& [key, watched] : watched_) watched.rights_ = Rights(policy_, watched.identity_);
  worker_.RecheckStreams();
}

void Gate::Recheck() {
  bool changed = false;
  for (auto& [key, watched] : watched_) {
    if (!watched.holds_) continue;
    watched.holds_ = chain_.StillHolds(*watched.identity_);
    changed = changed || !watched.holds_;
    for (auto& [name, reviewed] : watched.reviewed_) {
      const ReviewVerdict verdict = reviews_->Watch(reviewed.question);
      if (verdict == ReviewVerdict::kNotKnown || verdict == reviewed.verdict) continue;
      reviewed.verdict = verdict;
      changed = true;
    }
  }
  if (changed) worker_.RecheckStreams();
}

void Gate::OnCommits(const std::vector<Commit>& commits) {
  if (reviews_ == nullptr) return;
  bool changed = false;
  for (const Commit& commit : commits) {
    const LogInfo& info = *commit.info;
    if (!IsFromCluster(info.labels) || met_.contains(info.number)) continue;
    if (met_.size() >= kMostMet) met_.clear();  // costs a look at all streams, no more
    met_.insert(info.number);
    changed = true;
  }
  if (changed) worker_.RecheckStreams();
}

void Gate::ScheduleRecheck() {
  worker_.loop().After(worker_.config().access.recheck_ms, [this] {
    Recheck();
    ScheduleRecheck();
  });
}

}  // namespace tailrace
