// AccessBook: users, tokens and sessions of one server, in memory and in DATA/access. Any thread;
// functions marked "blocks" touch files or hash passwords and belong on the reader pool.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "access/access_changes.h"
#include "access/sessions.h"
#include "access/throttle.h"
#include "access/tokens.h"
#include "access/users.h"
#include "base/time.h"

namespace tailrace {

struct BookLimits {
  TimeNs session_idle_ns = 0;  ///< Without a request or an open stream.
  TimeNs session_max_ns = 0;   ///< From the login.
  size_t sessions = 0;         ///< Beyond it the one that was used longest ago is closed.
  Throttle::Limits logins;     ///< Failed logins of one user, and of one address.
};

/// In the data directory.
inline constexpr std::string_view kAccessDirectory = "access";

/// Counters of the process.
struct BookStats {
  uint64_t sessions = 0;
  uint64_t users = 0;
  uint64_t tokens = 0;
  uint64_t logins = 0;
  uint64_t logins_failed = 0;
  uint64_t logins_throttled = 0;
};

struct LoginResult {
  std::string cookie;          ///< The new session's secret; empty: refused.
  std::string session;         ///< Its id, for the audit log.
  uint32_t retry_after_s = 0;  ///< Refused without a look at the password: too many failed before.
};

class AccessBook {
 public:
  /// `clock` outlives it.
  AccessBook(std::string directory, const BookLimits& limits, const Clock& clock = Clock::System());

  /// Is told what has changed, and by whom where that is known.
  using Tell = std::function<void(const std::vector<AccessChange>&)>;

  /// Blocks. Reads everything, and tells what the command line has changed while no server ran.
  /// kInvalid, kCorrupt, kUnavailable name the file.
  Result<void> Load(const Tell& tell);
  /// Blocks. Reads users and tokens again, and tells what is new. Sessions of users that are gone
  /// or changed end. kInvalid, kCorrupt: nothing was changed.
  Result<void> Refresh(const Tell& tell);
  /// The files that Refresh reads.
  std::vector<std::string> Files() const;
  /// Blocks. Writes when sessions and tokens were used last, if that is worth it.
  Result<void> SaveUse();

  /// Blocks. Hashes and, if the password is right, opens a session that is on disk when this
  /// returns. `address`: of the client, for the throttle. kUnavailable: the disk is full, say.
  Result<LoginResult> LogIn(std::string_view user, std::string_view password,
                            std::string_view address);
  /// Blocks. Ends this session, or all of its user; on disk when this returns.
  Result<void> LogOut(std::string_view session_id, bool everywhere);

  /// Whose cookie it is; null: nobody's (any more). Counts as use.
  IdentityPtr FindSession(std::string_view secret);
  /// Whether it is still as `identity` says. Counts as use.
  bool SessionHolds(const Identity& identity);
  /// Null: unknown or expired.
  IdentityPtr FindToken(std::string_view secret);
  bool TokenHolds(const Identity& identity) const;

  uint64_t session_max_s() const { return static_cast<uint64_t>(limits_.session_max_ns) / kNs; }
  BookStats Stats() const;

 private:
  static constexpr uint64_t kNs = 1'000'000'000;

  IdentityPtr MakeIdentity(const std::string& id, const UserSession& session) const;
  IdentityPtr MakeIdentity(const std::string& id, const Token& token) const;
  bool IsOver(const UserSession& session, TimeNs now) const;
  Result<void> ReadUsersAndTokens(std::vector<AccessChange>& changes);
  void TieSessions();
  std::string OpenSession(const std::string& user, TimeNs user_changed, std::string& id);
  Result<void> SaveSessions();
  std::string Path(std::string_view file) const { return directory_ + "/" + std::string(file); }

  const std::string directory_;
  const BookLimits limits_;
  const Clock& clock_;

  mutable std::mutex mutex_;  // all below, for moments only
  Users users_;
  Tokens tokens_;
  std::map<std::string, IdentityPtr, std::less<>> token_identities_;
  TokenUse token_use_;
  UserSessions sessions_;
  Throttle throttle_;
  BookStats stats_;
  uint64_t version_ = 1;        // of sessions_, as far as it has to be on disk
  bool used_ = false;           // since SaveUse
  std::mutex save_mutex_;       // one writer of the sessions' file
  uint64_t saved_version_ = 1;  // guarded by save_mutex_
};

}  // namespace tailrace
