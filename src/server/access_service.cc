#include "server/access_service.h"

#include <algorithm>

#include "server/structured_log.h"

namespace tailrace {
namespace {

constexpr TimeNs kNsPerMs = 1'000'000;
constexpr uint64_t kSaveUseMs = 30'000;

BookLimits MakeBookLimits(const AccessConfig& access) {
  BookLimits limits;
  limits.session_idle_ns = static_cast<TimeNs>(access.session_idle_ms) * kNsPerMs;
  limits.session_max_ns = static_cast<TimeNs>(access.session_max_ms) * kNsPerMs;
  limits.sessions = access.sessions;
  limits.logins.burst = static_cast<int64_t>(access.login_attempts);
  limits.logins.interval_ns = static_cast<TimeNs>(access.login_interval_ms) * kNsPerMs;
  return limits;
}

}  // namespace

void Audit(const std::vector<AccessChange>& changes) {
  for (size_t i = 0; i < std::min(changes.size(), kMaxAuditedChanges); ++i) {
    LogLine line(LogLevel::kAudit, changes[i].what);
    for (const auto& [name, value] : changes[i].fields) line.Add(name, value);
  }
  if (changes.size() > kMaxAuditedChanges) {
    LogLine(LogLevel::kAudit, "more changes").Add("changes", changes.size() - kMaxAuditedChanges);
  }
}

AccessService::AccessService(const ServerConfig& config, const BookLimits& limits)
    : book_(config.data + "/" + std::string(kAccessDirectory), limits),
      interval_ms_(config.access.recheck_ms) {}

Result<std::unique_ptr<AccessService>> AccessService::Open(const ServerConfig& config) {
  std::unique_ptr<AccessService> service(new AccessService(config, MakeBookLimits(config.access)));
  service->read_ = StampsOf(service->book_.Files());
  if (auto loaded = service->book_.Load(Audit); !loaded) return Fail(loaded.error());
  const BookStats stats = service->book_.Stats();
  LogLine(LogLevel::kInfo, "access control is on")
      .Add("users", stats.users)
      .Add("tokens", stats.tokens)
      .Add("sessions", stats.sessions)
      .Add("grants", config.access.grants.size());
  return service;
}

bool AccessService::BeginHash() {
  if (hashes_.fetch_add(1) < kHashes) return true;
  EndHash();
  return false;
}

void AccessService::Start(Loop& loop) {
  loop_ = &loop;
  Schedule();
}

void AccessService::Schedule() {
  loop_->After(interval_ms_,
               [this] { loop_->RunInPool([this] { Look(); }, [this] { Schedule(); }); });
}

// On the reader pool, one at a time.
void AccessService::Look() {
  Result<void> done;
  if (const FileStamps now = StampsOf(book_.Files()); now != read_) {
    done = book_.Refresh(Audit);
    read_ = now;
    if (done) {
      const BookStats stats = book_.Stats();
      LogLine(LogLevel::kAudit, "users and tokens read again")
          .Add("users", stats.users)
          .Add("tokens", stats.tokens)
          .Add("sessions", stats.sessions);
    }
  }
  if (done && ++looks_ * interval_ms_ % kSaveUseMs < interval_ms_) done = book_.SaveUse();
  const std::string error = done ? "" : done.error().message;
  if (!error.empty() && error != last_error_) {
    LogLine(LogLevel::kError, "users, tokens or sessions").Add("error", error);
  }
  last_error_ = error;
}

void AccessService::Stop() {
  if (auto saved = book_.SaveUse(); !saved) {
    LogLine(LogLevel::kError, "sessions cannot be saved").Add("error", saved.error().message);
  }
}

}  // namespace tailrace
