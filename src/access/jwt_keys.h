// JwtKeys: the issuer's keys that are in force, shared by all workers.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "access/http_fetcher.h"
#include "access/json_web_key.h"
#include "access/jwt.h"

namespace tailrace {

inline constexpr uint64_t kKeyFetchTimeoutMs = 1'500;

/// Any thread. A set that cannot be read or used leaves the one before in force.
class JwtKeys {
 public:
  using NowMs = std::function<uint64_t()>;
  using Then = std::move_only_function<void()>;

  /// A file is read now: kInvalid if it cannot be used. A URL is asked now, and whoever needs a key
  /// before the answer waits for it. `now_ms` never goes back.
  static Result<std::unique_ptr<JwtKeys>> Make(const JwtConfig& config,
                                               std::unique_ptr<HttpFetcher> fetcher, NowMs now_ms);

  /// Null: there are none yet.
  std::shared_ptr<const KeySet> Current() const;
  /// For a token of a key that is not there: reads again, and `then` comes when that is done, on
  /// whatever thread does it. False: it was read less than unknown_key_ms ago; `then` never comes.
  bool Refresh(Then then);
  /// Starts reading again if refresh_ms are over. Waits for nothing.
  void RefreshIfOld();
  /// Times that a set was read, and that this failed.
  void Count(uint64_t& read, uint64_t& failed) const;

 private:
  JwtKeys(const JwtConfig& config, std::unique_ptr<HttpFetcher> fetcher, NowMs now_ms)
      : config_(config), now_ms_(std::move(now_ms)), fetcher_(std::move(fetcher)) {}

  bool IsUrl() const { return config_.keys.starts_with("http"); }
  Result<void> ReadFile();
  /// With the lock held, which it may give up for a while.
  void Start(std::unique_lock<std::mutex>& lock);
  void OnReply(const FetchReply& reply);
  Result<void> Take(std::string_view json);

  const JwtConfig config_;
  const NowMs now_ms_;
  mutable std::mutex mutex_;
  std::shared_ptr<const KeySet> keys_;
  std::string text_;       // that keys_ was made of
  uint64_t asked_ms_ = 0;  // when reading began last
  bool asking_ = false;
  std::vector<Then> waiters_;
  uint64_t read_ = 0;
  uint64_t failed_ = 0;
  std::unique_ptr<HttpFetcher> fetcher_;  // last: its thread calls this
};

}  // namespace tailrace
