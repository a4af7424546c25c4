// ForwardAuth: who a request comes from, by asking another server that knows its cookies: a portal.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/authenticator.h"
#include "access/http_fetcher.h"
#include "access/outer_config.h"

namespace tailrace {

inline constexpr size_t kMaxForwardedCredentialBytes = 8 << 10;
inline constexpr size_t kMaxForwardedUriBytes = 2 << 10;

/// As of the call.
struct ForwardAuthStats {
  uint64_t granted = 0;  ///< Answers, by what they said.
  uint64_t refused = 0;
  uint64_t failed = 0;  ///< None, or none that can be believed.
  uint64_t cached = 0;  ///< Decisions without a question.
  uint64_t asking = 0;
  uint64_t entries = 0;
};

/// What all workers share: what was answered for which credential. Any thread.
///
/// A credential is the cookies and Authorization of a request together. For each there is at most
/// one question under way, however many wait for it. It is asked by GET with these two fields,
/// X-Original-Method, X-Original-URI and X-Forwarded-For, -Proto, -Host of the request that came
/// first. 2xx: yes. 401 or a redirect (to a login page; it is not followed): nobody is signed in.
/// 403: no. Everything else, or a user that is said twice or is no text: no answer.
class ForwardAuth {
 public:
  using Post = std::function<void(std::move_only_function<void()>)>;
  using NowMs = std::function<uint64_t()>;

  /// kInvalid names the setting. `now_ms` never goes back.
  static Result<std::unique_ptr<ForwardAuth>> Make(const ForwardAuthConfig& config,
                                                   std::unique_ptr<HttpFetcher> fetcher,
                                                   NowMs now_ms);

  Decision Decide(const Credentials& credentials);
  /// `done` by `post`.
  void Ask(const Credentials& credentials, Post post, Authenticator::Done done);
  bool StillProves(const Identity& identity);
  ForwardAuthStats Stats() const;

 private:
  struct Waiter {
    Post post;
    Authenticator::Done done;
  };
  struct Entry {
    std::string id;
    FetchRequest question;
    std::optional<Decision> last;  // the last answer; kept over failures
    uint64_t said_ms = 0;          // when it was asked for: it is not newer than that
    uint64_t failed_ms = 0;        // since it: a question came to nothing; 0: none did
    uint64_t asked_ms = 0;         // when the last question began
    bool asking = false;
    std::vector<Waiter> waiters;
  };
  using Entries = std::list<Entry>;

  ForwardAuth(const ForwardAuthConfig& config, std::unique_ptr<HttpFetcher> fetcher, NowMs now_ms);

  FetchRequest MakeQuestion(const Credentials& credentials) const;
  /// The credential's name in tables and logs: a keyed hash. Empty: there is none.
  std::string IdOf(const FetchRequest& question) const;
  Entry* Find(const std::string& id);
  Entry& FindOrAdd(const std::string& id, FetchRequest question);
  void StartAsking(Entry& entry);
  void OnReply(const std::string& id, const FetchReply& reply);
  Decision Judge(const std::string& id, const FetchReply& reply, bool& failed) const;
  /// What holds now; nothing: it has to be asked.
  std::optional<Decision> Known(const Entry& entry, uint64_t now_ms) const;

  const ForwardAuthConfig config_;
  const NowMs now_ms_;
  std::string key_;  // of the hash; of this process only
  mutable std::mutex mutex_;
  Entries entries_;                                                // used last in front
  std::unordered_map<std::string_view, Entries::iterator> index_;  // by Entry::id
  ForwardAuthStats stats_;
  std::unique_ptr<HttpFetcher> fetcher_;  // last: its thread calls this
};

/// One worker's.
class ForwardAuthenticator final : public Authenticator {
 public:
  /// Both outlive it.
  ForwardAuthenticator(ForwardAuth& shared, ForwardAuth::Post post)
      : shared_(shared), post_(std::move(post)) {}
  Proof proof() const override { return Proof::kForwardAuth; }
  Decision Decide(const Credentials& credentials) override { return shared_.Decide(credentials); }
  void Ask(const Credentials& credentials, Done done) override {
    shared_.Ask(credentials, post_, std::move(done));
  }
  bool StillProves(const Identity& identity) override { return shared_.StillProves(identity); }

 private:
  ForwardAuth& shared_;
  ForwardAuth::Post post_;
};

}  // namespace tailrace
