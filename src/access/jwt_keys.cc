#include "access/jwt_keys.h"

#include <fstream>
#include <utility>

namespace tailrace {

namespace {

// http:// to this machine, where nobody is on the way.
bool StaysHere(std::string_view url) {
  if (url.find('@') != std::string_view::npos) return false;
  std::string_view host = url.substr(url.find("//") + 2);
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find_first_of(":/?#"));
  return host == "127.0.0.1" || host == "localhost";
}

}  // namespace

Result<std::unique_ptr<JwtKeys>> JwtKeys::Make(const JwtConfig& config,
                                               std::unique_ptr<HttpFetcher> fetcher, NowMs now_ms) {
  const auto refuse = [](const std::string& name, const std::string& reason) {
    return FailField(ErrorCode::kInvalid, "jwt." + name, "jwt." + name + ": " + reason);
  };
  if (config.issuer.empty()) return refuse("issuer", "must be given");
  if (config.audience.empty()) return refuse("audience", "must be given");
  if (config.user_claim.empty()) return refuse("user_claim", "must be given");
  if (config.keys.starts_with("http://") && !StaysHere(config.keys)) {
    return refuse("keys", "must be https://, or who is on the way could sign tokens");
  }
  std::unique_ptr<JwtKeys> keys(new JwtKeys(config, std::move(fetcher), std::move(now_ms)));
  if (keys->IsUrl()) {
    std::unique_lock lock(keys->mutex_);
    keys->Start(lock);
  } else if (Result<void> read = keys->ReadFile(); !read) {
    return refuse("keys", config.keys + ": " + read.error().message);
  }
  return keys;
}

std::shared_ptr<const KeySet> JwtKeys::Current() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

bool JwtKeys::Refresh(Then then) {
  std::unique_lock lock(mutex_);
  if (!asking_ && now_ms_() < asked_ms_ + config_.unknown_key_ms) return false;
  waiters_.push_back(std::move(then));
  Start(lock);
  return true;
}

void JwtKeys::RefreshIfOld() {
  std::unique_lock lock(mutex_);
  if (now_ms_() >= asked_ms_ + config_.refresh_ms) Start(lock);
}

void JwtKeys::Count(uint64_t& read, uint64_t& failed) const {
  const std::lock_guard lock(mutex_);
  read = read_;
  failed = failed_;
}

// One reader at a time; the others wait for it.
void JwtKeys::Start(std::unique_lock<std::mutex>& lock) {
  if (std::exchange(asking_, true)) return;
  asked_ms_ = now_ms_();
  if (IsUrl()) {
    FetchRequest request{.url = config_.keys, .timeout_ms = kKeyFetchTimeoutMs};
    request.body_bytes = kMaxJwksBytes;
    fetcher_->Fetch(std::move(request), [this](const FetchReply& reply) { OnReply(reply); });
    return;
  }
  lock.unlock();
  FetchReply reply{.status = ReadFile() ? 200 : 0};
  OnReply(reply);
  lock.lock();
}

Result<void> JwtKeys::ReadFile() {
  std::ifstream in(config_.keys, std::ios::binary);
  std::string text(kMaxJwksBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return Fail(ErrorCode::kInvalid, "cannot be read");
  text.resize(static_cast<size_t>(in.gcount()));
  return Take(text);
}

Result<void> JwtKeys::Take(std::string_view json) {
  {
    const std::lock_guard lock(mutex_);
    if (keys_ != nullptr && json == text_) return {};
  }
  Result<KeySet> set = KeySet::Parse(json);
  if (!set) return Fail(set.error());
  auto keys = std::make_shared<const KeySet>(std::move(*set));
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  text_ = json;
  return {};
}

void JwtKeys::OnReply(const FetchReply& reply) {
  const bool taken = reply.status == 200 && (!IsUrl() || Take(reply.body));
  std::vector<Then> waiters;
  {
    const std::lock_guard lock(mutex_);
    asking_ = false;
    ++(taken ? read_ : failed_);
    waiters.swap(waiters_);
  }
  for (Then& then : waiters) then();
}

}  // namespace tailrace
