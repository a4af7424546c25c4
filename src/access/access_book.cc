#include "access/access_book.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "access/change_journal.h"
#include "access/password.h"
#include "access/private_file.h"

namespace tailrace {
namespace {

// What the parser of a file says, with its name.
template <typename Value>
Result<Value> ReadFile(const std::string& path, Result<Value> (*parse)(std::string_view)) {
  const Result<std::string> text = ReadPrivateFile(path);
  if (!text) return Fail(text.error());
  Result<Value> value = parse(*text);
  if (!value) return Fail(value.error().code, path + ": " + value.error().message);
  return value;
}

}  // namespace

AccessBook::AccessBook(std::string directory, const BookLimits& limits, const Clock& clock)
    : directory_(std::move(directory)), limits_(limits), clock_(clock), throttle_(limits.logins) {}

// ------------------------------------------------------------------------------------------------
// Files

Result<void> AccessBook::Load(const Tell& tell) {
  auto sessions = ReadFile(Path(kSessionsFile), ParseSessions);
  if (!sessions) return Fail(sessions.error());
  auto use = ReadFile(Path(kTokenUseFile), ParseTokenUse);
  if (!use) return Fail(use.error());
  {
    const std::lock_guard lock(mutex_);
    sessions_ = std::move(*sessions);
    token_use_ = std::move(*use);
  }
  if (!std::filesystem::exists(directory_)) return {};
  return EditLocked(directory_, [&]() -> Result<void> {
    std::vector<AccessChange> everything;
    if (auto read = ReadUsersAndTokens(everything); !read) return read;
    tell(ReadChanges(directory_));
    return ForgetChanges(directory_);
  });
}

std::vector<std::string> AccessBook::Files() const {
  return {Path(kUsersFile), Path(kTokensFile)};
}

// A change is told before its note is forgotten: one that is told twice is better than none.
Result<void> AccessBook::Refresh(const Tell& tell) {
  return EditLocked(directory_, [&]() -> Result<void> {
    std::vector<AccessChange> seen;
    if (auto read = ReadUsersAndTokens(seen); !read) return read;
    tell(MergeChanges(ReadChanges(directory_), seen));
    return ForgetChanges(directory_);
  });
}

Result<void> AccessBook::ReadUsersAndTokens(std::vector<AccessChange>& changes) {
  auto users = ReadFile(Path(kUsersFile), ParseUsers);
  if (!users) return Fail(users.error());
  auto tokens = ReadFile(Path(kTokensFile), ParseTokens);
  if (!tokens) return Fail(tokens.error());
  const std::lock_guard lock(mutex_);
  changes = ChangesOf(users_, *users);
  std::ranges::move(ChangesOf(tokens_, *tokens), std::back_inserter(changes));
  users_ = std::move(*users);
  tokens_ = std::move(*tokens);
  token_identities_.clear();
  for (const auto& [id, token] : tokens_) token_identities_[id] = MakeIdentity(id, token);
  std::erase_if(token_use_, [&](const auto& use) { return !tokens_.contains(use.first); });
  TieSessions();
  return {};
}

// Sessions of users that are gone, or have another password, are void.
void AccessBook::TieSessions() {
  const size_t before = sessions_.size();
  std::erase_if(sessions_, [&](const auto& item) {
    const auto user = users_.find(item.second.user);
    return user == users_.end() || user->second.changed != item.second.user_changed;
  });
  if (sessions_.size() != before) ++version_;
  for (auto& [id, session] : sessions_) session.identity = MakeIdentity(id, session);
}

// One write serves all that came while the one before was under way.
Result<void> AccessBook::SaveSessions() {
  uint64_t wanted = 0;
  {
    const std::lock_guard lock(mutex_);
    wanted = version_;
  }
  const std::lock_guard saving(save_mutex_);
  if (saved_version_ >= wanted) return {};
  std::string text;
  uint64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    version = version_;
    text = FormatSessions(sessions_);
  }
  Result<void> written = EditLocked(
      directory_, [&]() -> Result<void> { return WritePrivateFile(Path(kSessionsFile), text); });
  if (written) saved_version_ = version;
  return written;
}

Result<void> AccessBook::SaveUse() {
  std::string use;
  {
    const std::lock_guard lock(mutex_);
    const TimeNs now = clock_.Now();
    const auto ended =
        std::erase_if(sessions_, [&](const auto& session) { return IsOver(session.second, now); });
    if (ended == 0 && !std::exchange(used_, false)) return {};
    ++version_;
    use = FormatTokenUse(token_use_);
  }
  if (auto saved = SaveSessions(); !saved) return saved;
  return EditLocked(directory_,
                    [&]() -> Result<void> { return WritePrivateFile(Path(kTokenUseFile), use); });
}

// ------------------------------------------------------------------------------------------------
// Sessions

IdentityPtr AccessBook::MakeIdentity(const std::string& id, const UserSession& session) const {
  Identity identity;
  identity.user = session.user;
  identity.groups = users_.find(session.user)->second.groups;
  identity.proof = Proof::kSession;
  identity.credential = id;
  identity.expires = session.created + limits_.session_max_ns;
  return std::make_shared<const Identity>(std::move(identity));
}

bool AccessBook::IsOver(const UserSession& session, TimeNs now) const {
  return now >= session.created + limits_.session_max_ns ||
         now >= session.used + limits_.session_idle_ns;
}

Result<LoginResult> AccessBook::LogIn(std::string_view user, std::string_view password,
                                      std::string_view address) {
  const std::string user_key = "user " + std::string(user.substr(0, 64));
  const std::string address_key = "address " + std::string(address);
  std::string hash;
  TimeNs changed = 0;
  LoginResult result;
  {
    const std::lock_guard lock(mutex_);
    const auto by_user = throttle_.Take(user_key, clock_.Now());
    const auto by_address = throttle_.Take(address_key, clock_.Now());
    if (by_user || by_address) {
      if (!by_user) throttle_.GiveBack(user_key);
      if (!by_address) throttle_.GiveBack(address_key);
      ++stats_.logins_throttled;
      result.retry_after_s = std::max(by_user.value_or(1), by_address.value_or(1));
      return result;
    }
    const auto found = users_.find(user);
    if (found != users_.end()) {
      hash = found->second.password_hash;
      changed = found->second.changed;
    }
  }
  const bool right = VerifyPassword(hash, password);
  {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(user);  // it may have been removed meanwhile
    if (!right || found == users_.end() || found->second.changed != changed) {
      ++stats_.logins_failed;
      return result;
    }
    throttle_.GiveBack(user_key);
    throttle_.GiveBack(address_key);
    ++stats_.logins;
    result.cookie = OpenSession(found->first, changed, result.session);
  }
  if (auto saved = SaveSessions(); !saved) return Fail(saved.error());
  return result;
}

std::string AccessBook::OpenSession(const std::string& user, TimeNs user_changed, std::string& id) {
  const TimeNs now = clock_.Now();
  if (sessions_.size() >= limits_.sessions) {
    sessions_.erase(
        std::ranges::min_element(sessions_, {}, [](const auto& item) { return item.second.used; }));
  }
  std::string secret = NewSecret();
  const Digest digest = Digest::Of(secret);
  id = digest.Id();
  UserSession session{digest, user, user_changed, now, now};
  session.identity = MakeIdentity(id, session);
  sessions_.insert_or_assign(id, std::move(session));
  ++version_;
  return secret;
}

Result<void> AccessBook::LogOut(std::string_view session_id, bool everywhere) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(session_id);
    if (found == sessions_.end()) return {};
    const std::string user = found->second.user;
    std::erase_if(sessions_, [&](const auto& item) {
      return item.first == session_id || (everywhere && item.second.user == user);
    });
    ++version_;
  }
  return SaveSessions();
}

IdentityPtr AccessBook::FindSession(std::string_view secret) {
  const Digest digest = Digest::Of(secret);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(digest.Id());
  if (found == sessions_.end() || !SameDigest(found->second.digest, digest)) return nullptr;
  const TimeNs now = clock_.Now();
  if (IsOver(found->second, now)) return nullptr;
  found->second.used = now;
  used_ = true;
  return found->second.identity;
}

bool AccessBook::SessionHolds(const Identity& identity) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(identity.credential);
  if (found == sessions_.end()) return false;
  const TimeNs now = clock_.Now();
  if (IsOver(found->second, now) || !found->second.identity->SameAs(identity)) return false;
  found->second.used = now;
  used_ = true;
  return true;
}

// ------------------------------------------------------------------------------------------------
// Tokens

IdentityPtr AccessBook::MakeIdentity(const std::string& id, const Token& token) const {
  Identity identity;
  identity.proof = Proof::kToken;
  identity.credential = id;
  identity.expires = token.expires;
  identity.scopes = {token.scope};
  return std::make_shared<const Identity>(std::move(identity));
}

IdentityPtr AccessBook::FindToken(std::string_view secret) {
  const Digest digest = Digest::Of(secret);
  const std::string id = digest.Id();
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(id);
  if (found == tokens_.end() || !SameDigest(found->second.digest, digest)) return nullptr;
  const TimeNs now = clock_.Now();
  if (found->second.expires && *found->second.expires <= now) return nullptr;
  token_use_.insert_or_assign(id, now);
  used_ = true;
  return token_identities_.find(id)->second;
}

bool AccessBook::TokenHolds(const Identity& identity) const {
  const std::lock_guard lock(mutex_);
  return tokens_.contains(identity.credential);
}

BookStats AccessBook::Stats() const {
  const std::lock_guard lock(mutex_);
  BookStats stats = stats_;
  stats.sessions = sessions_.size();
  stats.users = users_.size();
  stats.tokens = tokens_.size();
  return stats;
}

}  // namespace tailrace
