// AccessService: what the workers of a server with access control share: its book of users, tokens
// and sessions, and the care for its files.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "access/access_book.h"
#include "access/access_changes.h"
#include "io/file_stamp.h"
#include "io/loop.h"
#include "server/server_config.h"

namespace tailrace {

/// Lines of the audit log; of many changes at once the first kMaxAuditedChanges, and their number.
void Audit(const std::vector<AccessChange>& changes);
inline constexpr size_t kMaxAuditedChanges = 1'000;

class AccessService {
 public:
  /// Logins that hash at the same time, 64 MiB and a thread of the reader pool each; more are told
  /// to come back.
  static constexpr int kHashes = 2;

  /// Reads DATA/access. kInvalid, kCorrupt, kUnavailable name the file.
  static Result<std::unique_ptr<AccessService>> Open(const ServerConfig& config);

  /// On `loop`, which outlives it: looks every recheck_ms whether users or tokens have changed, and
  /// keeps when they were used.
  void Start(Loop& loop);
  /// When the loop stands still.
  void Stop();

  AccessBook& book() { return book_; }
  /// Any thread. False: kHashes are under way.
  bool BeginHash();
  void EndHash() { hashes_.fetch_sub(1); }

 private:
  AccessService(const ServerConfig& config, const BookLimits& limits);
  void Schedule();
  void Look();

  AccessBook book_;
  const uint64_t interval_ms_;
  FileStamps read_;  // of what the book has; the reader pool's, one task at a time
  std::string last_error_;
  uint64_t looks_ = 0;
  std::atomic<int> hashes_ = 0;
  Loop* loop_ = nullptr;
};

}  // namespace tailrace
