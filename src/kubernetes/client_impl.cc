#include "kubernetes/client_impl.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tailrace::kube {
namespace {

// Every user may ask for it, and who may not gets an answer all the same.
constexpr const char* kSignPath = "/version";
constexpr int kUnauthorized = 401;

}  // namespace

ApiClient::Impl::Impl(Loop& loop, ClusterConfig cluster, const ApiLimits& limits)
    : loop_(loop),
      cluster_(std::move(cluster)),
      limits_(limits),
      credentials_(loop, cluster_, Clock::System()),
      driver_(MakeDriver()),
      turn_(loop),
      signs_timer_(loop) {}

std::unique_ptr<CurlDriver> ApiClient::Impl::MakeDriver() {
  return std::make_unique<CurlDriver>(loop_, limits_.streams_per_connection,
                                      [this](CURL* easy, int code) { OnDone(easy, code); });
}

ApiClient::Impl::~Impl() {
  for (const auto& [id, transfer] : transfers_) {
    transfer->cancelled = true;
    if (transfer->easy() != nullptr) driver_->Remove(transfer->easy());
  }
  for (const auto& transfer : cancelled_) {
    if (transfer->easy() != nullptr) driver_->Remove(transfer->easy());
  }
}

std::unique_ptr<Transfer> ApiClient::Impl::Make(std::string method, std::string path) {
  auto transfer = std::make_unique<Transfer>(next_id_++, std::move(method), std::move(path),
                                             limits_.answer_bytes);
  transfer->signs = &signs_;
  return transfer;
}

uint64_t ApiClient::Impl::Add(std::unique_ptr<Transfer> transfer) {
  const uint64_t id = transfer->id();
  if (transfer->is_stream()) {
    transfer->deadline = std::make_unique<Timer>(loop_);
    transfer->deadline->Start(limits_.head_ms, [this, id] {
      FinishLater(id, {.how = ApiEnd::How::kUnreachable,
                       .message = cluster_.server + ": no answer within " +
                                  std::to_string(limits_.head_ms) + " ms"});
    });
    ++streams_;
    WatchStreams();
  } else {
    transfer->deadline_ms = loop_.NowMs() + limits_.answer_ms;
  }
  {
    const std::lock_guard lock(mutex_);
    ++stats_.requests;
  }
  transfers_.emplace(id, std::move(transfer));
  waiting_.push_back(id);
  TurnSoon();
  return id;
}

void ApiClient::Impl::Cancel(uint64_t id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  found->second->cancelled = true;
  if (found->second->is_stream()) --streams_;
  cancelled_.push_back(std::move(found->second));
  transfers_.erase(found);
  TurnSoon();
}

ApiStats ApiClient::Impl::Stats() const {
  const std::lock_guard lock(mutex_);
  ApiStats stats = stats_;
  stats.reachable = signs_.heard;
  stats.received_bytes = signs_.received_bytes.load(std::memory_order_relaxed);
  return stats;
}

// ------------------------------------------------------------------------------------------------
// A transfer's way

void ApiClient::Impl::TurnSoon() {
  if (!turn_.Running()) turn_.Start(0, [this] { Turn(); });
}

void ApiClient::Impl::Turn() {
  for (const auto& transfer : std::exchange(cancelled_, {})) {
    if (transfer->easy() != nullptr) driver_->Remove(transfer->easy());
  }
  std::vector<std::pair<std::unique_ptr<Transfer>, ApiEnd>> ended;
  for (auto& [id, end] : std::exchange(ended_, {})) {
    const auto found = transfers_.find(id);
    if (found == transfers_.end()) continue;
    std::unique_ptr<Transfer>& transfer = found->second;
    if (transfer->easy() != nullptr) driver_->Remove(transfer->easy());
    transfer->DropEasy();
    ended.emplace_back(std::move(transfer), std::move(end));
    transfers_.erase(found);
  }
  if (std::exchange(renew_driver_, false)) driver_ = MakeDriver();
  for (auto& [transfer, end] : ended) Finish(std::move(transfer), std::move(end));
  for (const uint64_t id : std::exchange(waiting_, {})) Begin(id);
  const std::lock_guard lock(mutex_);
  stats_.open_streams = streams_;
}

void ApiClient::Impl::Begin(uint64_t id) {
  if (!transfers_.contains(id)) return;
  // The id may have gone when a plugin has ended.
  credentials_.Get(
      [this, id](Result<Credentials::IdentityPtr> identity) { Launch(id, std::move(identity)); });
}

void ApiClient::Impl::Launch(uint64_t id, Result<Credentials::IdentityPtr> identity) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  if (!identity) {
    FinishLater(id, {.how = ApiEnd::How::kUnreachable,
                     .message = cluster_.server + ": " + identity.error().message});
    return;
  }
  Transfer& transfer = *found->second;
  uint64_t left_ms = 0;
  if (!transfer.is_stream()) {
    const uint64_t now_ms = loop_.NowMs();
    left_ms = transfer.deadline_ms > now_ms ? transfer.deadline_ms - now_ms : 1;
  }
  driver_->Add(transfer.MakeEasy(cluster_, std::move(*identity), limits_.connect_ms, left_ms));
}

void ApiClient::Impl::FinishLater(uint64_t id, ApiEnd end) {
  ended_.emplace_back(id, std::move(end));
  TurnSoon();
}

void ApiClient::Impl::OnDone(CURL* easy, int code) {
  Transfer* transfer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  if (transfer->cancelled) {
    transfer->DropEasy();  // the driver has let go of it; it lies in cancelled_
    return;
  }
  const ApiEnd end = transfer->End(code, cluster_.server);
  if (end.status == kUnauthorized && !transfer->retried &&
      credentials_.Renew(transfer->identity())) {
    transfer->retried = true;
    transfer->DropEasy();
    waiting_.push_back(transfer->id());
    TurnSoon();
    return;
  }
  const auto found = transfers_.find(transfer->id());
  CHECK(found != transfers_.end());
  std::unique_ptr<Transfer> owned = std::move(found->second);
  transfers_.erase(found);
  Finish(std::move(owned), end);
}

void ApiClient::Impl::Finish(std::unique_ptr<Transfer> transfer, ApiEnd end) {
  Count(end, transfer->is_stream());
  if (transfer->is_stream()) {
    transfer->stream->on_end(std::move(end));
  } else {
    std::string body = end.ok() ? transfer->TakeBody() : std::string();
    transfer->done(std::move(end), std::move(body));
  }
}

void ApiClient::Impl::Count(const ApiEnd& end, bool is_stream) {
  if (is_stream) --streams_;
  const std::lock_guard lock(mutex_);
  stats_.open_streams = streams_;
  if (end.how == ApiEnd::How::kCut || end.how == ApiEnd::How::kUnreachable) signs_.heard = false;
  if (end.how == ApiEnd::How::kRefused) ++stats_.refused;
  if (end.how == ApiEnd::How::kCut) ++stats_.cut;
  if (end.how == ApiEnd::How::kUnreachable) {
    ++stats_.unreachable;
    stats_.last_error = end.message;
  }
}

// ------------------------------------------------------------------------------------------------
// A server that is there and says nothing: TCP's own probes can't tell

void ApiClient::Impl::WatchStreams() {
  if (signs_timer_.Running()) return;
  signs_timer_.Start(limits_.silence_ms, [this] { LookForSigns(); });
}

void ApiClient::Impl::LookForSigns() {
  if (streams_ == 0) return;
  WatchStreams();
  if (sign_ != 0 || loop_.NowMs() - signs_.last_ms < limits_.silence_ms) return;
  auto transfer = Make("GET", kSignPath);
  transfer->done = [this](const ApiEnd& end, const std::string&) { OnSign(end); };
  sign_ = transfer->id();
  Add(std::move(transfer));
  transfers_.at(sign_)->deadline_ms = loop_.NowMs() + limits_.sign_ms;
}

void ApiClient::Impl::OnSign(const ApiEnd& end) {
  sign_ = 0;
  if (end.how != ApiEnd::How::kUnreachable || loop_.NowMs() - signs_.last_ms < limits_.sign_ms) {
    return;
  }
  CutAll(cluster_.server + ": the server gives no sign (" + end.message + ")");
}

// Its connections must not be used again, hence a new driver: after Turn has ended them all nobody
// is in the old one.
void ApiClient::Impl::CutAll(const std::string& why) {
  for (const auto& [id, transfer] : transfers_) {
    ended_.emplace_back(
        id, ApiEnd{.how = transfer->opened() ? ApiEnd::How::kCut : ApiEnd::How::kUnreachable,
                   .message = why});
  }
  renew_driver_ = true;
  TurnSoon();
}

}  // namespace tailrace::kube
