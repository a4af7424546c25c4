// View links: whoever has one may read one log until a certain time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/authenticator.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace tailrace {

inline constexpr uint64_t kMaxLinkSeconds = 30ULL * 86'400;  ///< That a link may hold.
inline constexpr uint64_t kLinkKeySeconds = 30ULL * 86'400;  ///< That a key signs new ones.

struct ViewLink {
  std::string log;  ///< "type/id": a new log of that name is meant, too.
  std::string key_id;
  TimeNs expires = 0;
};

/// The keys that sign links. They are in a file that only its owner may read, one a line: id, key
/// (hexadecimal), when it was made (nanoseconds). The newest signs; one that is so old that none of
/// its links can hold any more is thrown away. Any thread.
class LinkKeys {
 public:
  /// Reads the file, or makes it. kInvalid: it is none, or others may read it; kUnavailable: it
  /// cannot be read or written. Both outlive it.
  static Result<std::unique_ptr<LinkKeys>> Open(std::string file, Random& random,
                                                const Clock& clock);

  /// A link as text of [A-Za-z0-9_.-]: HMAC-SHA256 over version, key, time and log. May write the
  /// file. `log` is a log's name, `seconds` 1 to kMaxLinkSeconds.
  Result<std::string> Sign(std::string_view log, uint64_t seconds);
  /// Nothing: it is wrong, of a key that is gone, or its time is over.
  std::optional<ViewLink> Check(std::string_view token) const;
  bool Has(std::string_view key_id) const;
  /// A new key and none besides: no link that was given until now holds any more.
  Result<void> Revoke();

 private:
  struct Key {
    std::string id;
    std::string secret;
    TimeNs made = 0;
  };

  LinkKeys(std::string file, Random& random, const Clock& clock)
      : file_(std::move(file)), random_(random), clock_(clock) {}

  Result<void> Read();
  Result<void> Write(const std::vector<Key>& keys) const;
  Result<void> AddKey(bool keep_others);
  const Key* Find(std::string_view id) const;

  const std::string file_;
  Random& random_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Key> keys_;  // the newest last
};

/// One worker's. A link comes as the query's `link`, or as the cookie that a page opened by one has
/// set. It is worth something to GET and HEAD only; a wrong one is as good as none.
class LinkAuthenticator final : public Authenticator {
 public:
  /// Outlives it.
  explicit LinkAuthenticator(const LinkKeys& keys) : keys_(keys) {}
  Proof proof() const override { return Proof::kLink; }
  Decision Decide(const Credentials& credentials) override;
  bool StillProves(const Identity& identity) override;

 private:
  const LinkKeys& keys_;
};
inline constexpr std::string_view kLinkParameter = "link";
inline constexpr std::string_view kLinkCookie = "tailrace_link";

}  // namespace tailrace
