#include "access/forward_auth.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "access/group_list.h"

namespace tailrace {
namespace {

constexpr size_t kIdBytes = 16;
constexpr size_t kKeyBytes = 32;

Problem Unreachable() {
  return ProblemFrom({ErrorCode::kUnavailable, "who you are cannot be checked at the moment"});
}

// Sessions and links of Tailrace itself are nobody else's matter.
bool IsOurs(std::string_view name) {
  return name == "tailrace" || name == "__Host-tailrace" || name.starts_with("tailrace_");
}

// Of "a=1; b=2" the pairs with these names, in their order; no names: all but our own.
std::string PickCookies(std::string_view cookies, const std::vector<std::string>& names) {
  std::string picked;
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    const std::string_view pair = TrimBlanks(cookies.substr(0, end));
    const std::string_view name = pair.substr(0, pair.find('='));
    const bool wanted = names.empty() ? !IsOurs(name) : std::ranges::count(names, name) > 0;
    if (wanted && !pair.empty()) {
      picked.append(picked.empty() ? "" : "; ").append(pair);
    }
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
  }
  return picked;
}

bool IsPlainUri(std::string_view uri) {
  return uri.size() <= kMaxForwardedUriBytes &&
         std::ranges::all_of(uri, [](char c) { return c > ' ' && c < 0x7f; });
}

const std::string* FindField(const FetchRequest& question, std::string_view name) {
  for (const auto& [field, value] : question.headers) {
    if (field == name) return &value;
  }
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<ForwardAuth>> ForwardAuth::Make(const ForwardAuthConfig& config,
                                                       std::unique_ptr<HttpFetcher> fetcher,
                                                       NowMs now_ms) {
  if (!config.url.starts_with("http://") && !config.url.starts_with("https://")) {
    return FailField(ErrorCode::kInvalid, "forward_auth.url",
                     "forward_auth.url: must begin with http:// or https://");
  }
  for (const std::string* name : {&config.user_header, &config.groups_header}) {
    if (!IsToken(*name)) {
      return FailField(ErrorCode::kInvalid, "forward_auth.user_header",
                       "forward_auth: '" + *name + "' is not the name of a field");
    }
  }
  if (sodium_init() < 0 || fetcher == nullptr) {
    return Fail(ErrorCode::kInternal, "forward_auth: a library cannot be set up");
  }
  return std::unique_ptr<ForwardAuth>(
      new ForwardAuth(config, std::move(fetcher), std::move(now_ms)));
}

ForwardAuth::ForwardAuth(const ForwardAuthConfig& config, std::unique_ptr<HttpFetcher> fetcher,
                         NowMs now_ms)
    : config_(config),
      now_ms_(std::move(now_ms)),
      key_(kKeyBytes, '\0'),
      fetcher_(std::move(fetcher)) {
  randombytes_buf(key_.data(), key_.size());
}

// ------------------------------------------------------------------------------------------------
// Questions

FetchRequest ForwardAuth::MakeQuestion(const Credentials& credentials) const {
  FetchRequest question{.url = config_.url, .timeout_ms = config_.timeout_ms};
  question.body_bytes = 64 << 10;
  auto& fields = question.headers;
  if (std::string cookies = PickCookies(credentials.cookies, config_.cookies); !cookies.empty()) {
    fields.emplace_back("Cookie", std::move(cookies));
  }
  if (!credentials.authorization.empty()) {
    fields.emplace_back("Authorization", credentials.authorization);
  }
  if (fields.empty()) return question;
  const RequestHead& head = credentials.head;
  std::string uri = head.path + (head.query.empty() ? "" : "?" + head.query);
  if (!IsPlainUri(uri)) uri = "/";
  fields.emplace_back("X-Original-Method", MethodName(head.method));
  fields.emplace_back("X-Original-URI", std::move(uri));
  if (!credentials.client_address.empty()) {
    fields.emplace_back("X-Forwarded-For", credentials.client_address);
  }
  fields.emplace_back("X-Forwarded-Proto", credentials.secure ? "https" : "http");
  if (!head.host.empty() && IsPlainUri(head.host)) {
    fields.emplace_back("X-Forwarded-Host", head.host);
  }
  return question;
}

std::string ForwardAuth::IdOf(const FetchRequest& question) const {
  const std::string* const cookies = FindField(question, "Cookie");
  const std::string* const authorization = FindField(question, "Authorization");
  if (cookies == nullptr && authorization == nullptr) return "";
  const std::string credential = (cookies != nullptr ? *cookies : "") + '\n' +
                                 (authorization != nullptr ? *authorization : "");
  unsigned char hash[kIdBytes];
  crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(credential.data()),
                     credential.size(), reinterpret_cast<const unsigned char*>(key_.data()),
                     key_.size());
  char text[2 * kIdBytes + 1];
  sodium_bin2hex(text, sizeof text, hash, sizeof hash);
  return text;
}

Decision ForwardAuth::Decide(const Credentials& credentials) {
  if (credentials.cookies.size() + credentials.authorization.size() >
      kMaxForwardedCredentialBytes) {
    return Decision::Refuse(ProblemFrom(401, "cookies and Authorization are too long"));
  }
  const std::string id = IdOf(MakeQuestion(credentials));
  if (id.empty()) return Decision::NotMine();
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(id);
  if (entry == nullptr) return Decision::MustAsk();
  std::optional<Decision> known = Known(*entry, now_ms_());
  if (!known) return Decision::MustAsk();
  ++stats_.cached;
  return *known;
}

void ForwardAuth::Ask(const Credentials& credentials, Post post, Authenticator::Done done) {
  FetchRequest question = MakeQuestion(credentials);
  const std::string id = IdOf(question);
  const std::lock_guard lock(mutex_);
  Entry& entry = FindOrAdd(id, std::move(question));
  entry.waiters.push_back({std::move(post), std::move(done)});
  StartAsking(entry);
}

// Asked again when its time is over. While the question is under way, which is config_.timeout_ms
// at most, what was said before counts.
bool ForwardAuth::StillProves(const Identity& identity) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = Find(identity.credential);
  if (entry == nullptr || !entry->last || entry->last->kind != Decision::Kind::kIdentity) {
    return false;
  }
  const uint64_t now_ms = now_ms_();
  const bool failed = entry->failed_ms != 0;
  const bool due = now_ms >= entry->said_ms + config_.cache_ms &&
                   (!failed || now_ms >= entry->failed_ms + config_.retry_ms);
  if (due) StartAsking(*entry);
  const Identity& last = *entry->last->identity;
  return last.user == identity.user && last.groups == identity.groups &&
         (!failed || now_ms < entry->said_ms + config_.grace_ms);
}

ForwardAuthStats ForwardAuth::Stats() const {
  const std::lock_guard lock(mutex_);
  ForwardAuthStats stats = stats_;
  stats.entries = entries_.size();
  return stats;
}

// ------------------------------------------------------------------------------------------------
// The table

ForwardAuth::Entry* ForwardAuth::Find(const std::string& id) {
  const auto found = index_.find(id);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &*found->second;
}

// Those under way stay: somebody waits for them, and the fetcher bounds their number.
ForwardAuth::Entry& ForwardAuth::FindOrAdd(const std::string& id, FetchRequest question) {
  if (Entry* const entry = Find(id)) return *entry;
  auto oldest = entries_.end();
  while (entries_.size() >= config_.cache_entries && oldest != entries_.begin()) {
    --oldest;
    if (oldest->asking) continue;
    index_.erase(oldest->id);
    oldest = entries_.erase(oldest);
  }
  entries_.push_front({.id = id, .question = std::move(question)});
  index_.emplace(entries_.front().id, entries_.begin());
  return entries_.front();
}

std::optional<Decision> ForwardAuth::Known(const Entry& entry, uint64_t now_ms) const {
  if (entry.last && now_ms < entry.said_ms + config_.cache_ms) return entry.last;
  if (entry.failed_ms == 0 || now_ms >= entry.failed_ms + config_.retry_ms) return std::nullopt;
  const bool was_let_in = entry.last && entry.last->kind == Decision::Kind::kIdentity;
  if (was_let_in && now_ms < entry.said_ms + config_.grace_ms) return entry.last;
  return Decision::Refuse(Unreachable());
}

void ForwardAuth::StartAsking(Entry& entry) {
  if (std::exchange(entry.asking, true)) return;
  ++stats_.asking;
  entry.asked_ms = now_ms_();
  fetcher_->Fetch(entry.question,
                  [this, id = entry.id](const FetchReply& reply) { OnReply(id, reply); });
}

void ForwardAuth::OnReply(const std::string& id, const FetchReply& reply) {
  std::vector<Waiter> waiters;
  Decision decision;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = *index_.at(id);
    entry.asking = false;
    --stats_.asking;
    bool failed = false;
    decision = Judge(id, reply, failed);
    const uint64_t now_ms = now_ms_();
    if (failed) {
      ++stats_.failed;
      entry.failed_ms = std::max<uint64_t>(now_ms, 1);
      decision = *Known(entry, now_ms);
    } else {
      ++(decision.kind == Decision::Kind::kIdentity ? stats_.granted : stats_.refused);
      entry.last = decision;
      entry.said_ms = entry.asked_ms;
      entry.failed_ms = 0;
    }
    waiters.swap(entry.waiters);
  }
  for (Waiter& waiter : waiters) {
    waiter.post([done = std::move(waiter.done), decision]() mutable { done(decision); });
  }
}

Decision ForwardAuth::Judge(const std::string& id, const FetchReply& reply, bool& failed) const {
  if (reply.status == 401 || (reply.status >= 300 && reply.status < 400)) {
    return Decision::NotMine();
  }
  if (reply.status == 403) {
    return Decision::Refuse(ProblemFrom(403, "the sign-in server says that you may not"));
  }
  Identity identity;
  identity.proof = Proof::kForwardAuth;
  identity.credential = id;
  failed = reply.status < 200 || reply.status >= 300 ||
           reply.headers.Count(config_.user_header) > 1 ||
           !TakeUserName(reply.headers.Find(config_.user_header).value_or(""), identity.user) ||
           !TakeGroupList(reply.headers.Joined(config_.groups_header), identity.groups);
  if (failed) return {};
  return Decision::Is(std::make_shared<const Identity>(std::move(identity)));
}

}  // namespace tailrace
