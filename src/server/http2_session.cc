#include "server/http2_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "server/structured_log.h"
#include "server/worker.h"

namespace tailrace {
namespace {

// What gathers before it is sent, and so what one write of a stream takes at most: whatever the
// socket does not take of it is copied, once for a connection.
constexpr uint64_t kOutputBytes = 64 << 10;
constexpr size_t kMaxParts = 64;            // of one system call
constexpr uint64_t kTurnBytes = 512 << 10;  // then other connections get their turn
constexpr uint32_t kLargeAnswers = 16;      // pages and downloads under way; more wait
constexpr uint64_t kLingerMs = 2'000;       // for a client that still sends
constexpr uint64_t kGoAwayMs = 1'000;       // for a client that does not answer our PING
constexpr uint64_t kDrainIdleMs = 1'000;    // as in HTTP/1.1

}  // namespace

Http2Session::Http2Session(Worker& worker, SessionId id, Connection&& connection,
                           std::unique_ptr<ClientHop> hop, std::string bytes)
    : Session(id),
      worker_(worker),
      connection_(std::move(connection), *this),
      hop_(std::move(hop)),
      codec_(worker.http2_limits(), *this),
      input_(std::move(bytes)) {
  connection_.WantRead(true);
}

Http2Session::~Http2Session() = default;

// ------------------------------------------------------------------------------------------------
// What comes in

void Http2Session::OnRead(std::string_view bytes) {
  if (mode_ != Mode::kOpen) return;
  if (!input_.empty()) {
    input_.append(bytes);
    return;
  }
  Receive(bytes);
}

void Http2Session::Receive(std::string_view bytes) {
  receiving_ = true;
  codec_.Receive(bytes, worker_.loop().NowMs());
  CallExchanges(pausing_, &Http2Exchange::OnPause);
  receiving_ = false;
  Flush();
  UpdateDeadline();
}

void Http2Session::OnReadEnd() {
  if (mode_ != Mode::kOpen || exchanges_.empty()) {
    Close();
    return;
  }
  for (const auto& exchange : exchanges_) exchange->OnReadEnd();  // it may still read
}

Http2Exchange* Http2Session::Find(int32_t stream) const {
  const auto found = std::ranges::lower_bound(
      exchanges_, stream, {}, [](const auto& exchange) { return exchange->stream_number(); });
  const bool there = found != exchanges_.end() && (*found)->stream_number() == stream;
  return there ? found->get() : nullptr;
}

Exchange* Http2Session::FindExchange(uint64_t request) {
  return Find(static_cast<int32_t>(request));
}

// A client's numbers only grow (RFC 9113 §5.1.1).
Http2Exchange& Http2Session::Add(int32_t stream) {
  exchanges_.push_back(std::make_unique<Http2Exchange>(*this, worker_, stream));
  return *exchanges_.back();
}

void Http2Session::OnRequest(int32_t stream, RequestHead&& head, bool ended) {
  const bool may_be_large = ended && head.method == Method::kGet;
  Http2Exchange& exchange = Add(stream);
  exchange.Begin(std::move(head), ended);
  if (!may_be_large) {
    exchange.Dispatch();
  } else {
    queued_.push_back(stream);
    DispatchQueued();
  }
}

// The windows of a client that does not read are no reason to keep any number of pages in memory.
// Event streams leave this count when they start.
void Http2Session::DispatchQueued() {
  while (large_ < kLargeAnswers && !queued_.empty()) {
    Http2Exchange* exchange = Find(queued_.front());
    queued_.erase(queued_.begin());
    if (exchange == nullptr) continue;
    ++large_;
    exchange->CountAsLarge();
    exchange->Dispatch();
  }
}

void Http2Session::OnLargeDone() {
  --large_;
  if (!queued_.empty()) FlushSoon();
}

void Http2Session::OnBadRequest(int32_t stream, HeadFault fault) {
  Add(stream).Refuse(std::move(fault));
}

void Http2Session::OnBody(int32_t stream, std::string_view bytes) {
  if (Http2Exchange* exchange = Find(stream)) {
    exchange->OnBody(bytes);
  } else {
    codec_.Consume(stream, bytes.size());
  }
}

void Http2Session::OnBodyEnd(int32_t stream) {
  if (Http2Exchange* exchange = Find(stream)) exchange->OnBodyEnd();
}

void Http2Session::OnWindow(int32_t stream) {
  if (Http2Exchange* exchange = Find(stream)) Wait(*exchange);
}

void Http2Session::OnClosed(int32_t stream) {
  const auto found = std::ranges::lower_bound(
      exchanges_, stream, {}, [](const auto& exchange) { return exchange->stream_number(); });
  if (found == exchanges_.end() || (*found)->stream_number() != stream) return;
  (*found)->OnOver();
  if ((*found)->MayBeLarge()) OnLargeDone();
  over_.push_back(std::move(*found));  // it may be the caller
  exchanges_.erase(found);
  FlushSoon();
}

// ------------------------------------------------------------------------------------------------
// What goes out

void Http2Session::Wait(Http2Exchange& exchange) {
  if (!std::exchange(exchange.waiting, true)) waiting_.push_back(exchange.stream_number());
  if (!connection_.Blocked()) FlushSoon();
}

int64_t Http2Session::Write(Http2Exchange& exchange, std::span<const iovec> parts, bool end) {
  if (mode_ != Mode::kOpen) return -1;
  const bool in_turn = std::exchange(exchange.granted, false) || waiting_.empty();
  if (receiving_ || connection_.Blocked() || !in_turn) {
    Wait(exchange);
    return 0;
  }
  uint64_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  const uint64_t taken = codec_.Write(exchange.stream_number(), parts, kOutputBytes, end);
  turn_bytes_ += taken;
  if (taken == kOutputBytes && taken < size) Wait(exchange);
  if (codec_.output().HasLent() || codec_.output().Size() >= kOutputBytes) {
    if (!SendOutput()) return -1;
  } else {
    FlushSoon();
  }
  return static_cast<int64_t>(taken);
}

// False: the connection is broken.
bool Http2Session::SendOutput() {
  Http2Output& output = codec_.output();
  while (!output.Empty() && !connection_.Blocked()) {
    std::array<iovec, kMaxParts> parts;
    const size_t count = output.Gather(parts);
    const int64_t sent = connection_.Write(std::span(parts).first(count));
    if (sent < 0) {
      Close();
      return false;
    }
    output.Consume(static_cast<uint64_t>(sent));
  }
  output.Keep();
  return true;
}

void Http2Session::FlushSoon() {
  if (!std::exchange(flush_due_, true)) worker_.CallAtTurnEnd(id_);
}

void Http2Session::Flush() {
  if (mode_ != Mode::kOpen || connection_.Blocked()) return;
  codec_.Pump();
  if (!SendOutput()) return;
  GiveTurns();
  CloseIfOver();
}

// In the order in which they came into the line.
void Http2Session::GiveTurns() {
  turn_bytes_ = 0;
  for (size_t left = waiting_.size(); left > 0 && turn_bytes_ < kTurnBytes; --left) {
    if (connection_.Blocked() || mode_ != Mode::kOpen) return;
    Http2Exchange* exchange = Find(waiting_.front());
    waiting_.erase(waiting_.begin());
    if (exchange == nullptr) continue;
    exchange->waiting = false;
    exchange->granted = true;
    exchange->OnTurn();
  }
  if (!waiting_.empty()) FlushSoon();
}

void Http2Session::OnWritable() {
  if (mode_ != Mode::kOpen || !SendOutput()) return;
  Flush();
  UpdateDeadline();
}

// ------------------------------------------------------------------------------------------------
// Turns, time and the end

void Http2Session::CallAtTurnEnd(Http2Exchange& exchange) {
  turn_end_.push_back(exchange.stream_number());
  FlushSoon();
}

void Http2Session::CallOnPause(Http2Exchange& exchange) {
  const int32_t stream = exchange.stream_number();
  if (pausing_.empty() || pausing_.back() != stream) pausing_.push_back(stream);
  FlushSoon();
}

void Http2Session::CallExchanges(std::vector<int32_t>& streams, void (Http2Exchange::*call)()) {
  for (const int32_t stream : std::exchange(streams, {})) {
    if (Http2Exchange* exchange = Find(stream)) (exchange->*call)();
  }
}

std::unique_ptr<Session> Http2Session::OnTurnEnd() {
  flush_due_ = false;
  if (!input_.empty()) Receive(std::exchange(input_, {}));
  CallExchanges(turn_end_, &Http2Exchange::OnTurnEnd);
  CallExchanges(pausing_, &Http2Exchange::OnPause);
  DispatchQueued();
  Flush();
  UpdateDeadline();
  if (mode_ != Mode::kOpen) exchanges_.swap(over_);
  if (!over_.empty()) {
    over_.clear();
    FlushSoon();  // feeds that they have left want another turn
  }
  return nullptr;
}

void Http2Session::CloseIfOver() {
  const bool nothing_to_do = exchanges_.empty() && connection_.ReadEnded();
  if (mode_ != Mode::kOpen || !codec_.output().Empty() || (!codec_.Over() && !nothing_to_do)) {
    return;
  }
  if (codec_.abuse() != Http2Abuse::kNone) {
    worker_.CountAbuse(codec_.abuse());
    LogLine(LogLevel::kWarn, "connection cut").Add("cause", Http2AbuseName(codec_.abuse()));
  }
  if (connection_.ReadEnded()) {
    Close();
    return;
  }
  mode_ = Mode::kLinger;
  connection_.ShutdownWrite();
  connection_.WantRead(true);
  next_wake_ms_ = 0;
  // What TLS still holds has to be read by the client first; in clear text the kernel holds it.
  Arm(worker_, connection_.Holds() ? worker_.config().limits.write_timeout_ms : kLingerMs);
  FlushSoon();  // its exchanges go
}

void Http2Session::UpdateDeadline() {
  if (mode_ != Mode::kOpen) return;
  const LimitConfig& limits = worker_.config().limits;
  Waits waits = exchanges_.empty() ? Waits::kRequest : Waits::kNothing;
  uint64_t delay_ms =
      draining_ ? std::min(kDrainIdleMs, limits.idle_timeout_ms) : limits.idle_timeout_ms;
  if (codec_.Over()) {
    waits = Waits::kLastBytes;
    delay_ms = limits.write_timeout_ms;
  } else if (codec_.InHead()) {
    waits = Waits::kHead;
    delay_ms = limits.header_timeout_ms;
  }
  if (waits == waits_ && codec_.Heads() == head_) return;
  waits_ = waits;
  head_ = codec_.Heads();
  connection_due_ms_ = waits == Waits::kNothing ? 0 : worker_.loop().NowMs() + delay_ms;
  if (connection_due_ms_ != 0) WakeBy(connection_due_ms_);
}

void Http2Session::WakeBy(uint64_t deadline_ms) {
  if (mode_ != Mode::kOpen || (next_wake_ms_ != 0 && next_wake_ms_ <= deadline_ms)) return;
  next_wake_ms_ = deadline_ms;
  const uint64_t now_ms = worker_.loop().NowMs();
  Arm(worker_, deadline_ms > now_ms ? deadline_ms - now_ms : 0);
}

void Http2Session::OnDeadline() {
  if (mode_ == Mode::kLinger) Close();
  if (mode_ != Mode::kOpen) return;
  const uint64_t now_ms = worker_.loop().NowMs();
  next_wake_ms_ = 0;
  if (connection_due_ms_ != 0 && connection_due_ms_ <= now_ms) OnConnectionDeadline();
  for (size_t i = 0; i < exchanges_.size(); ++i) {
    Http2Exchange& exchange = *exchanges_[i];
    if (exchange.deadline_ms != 0 && exchange.deadline_ms <= now_ms) exchange.OnDeadline();
  }
  for (const auto& exchange : exchanges_) {
    if (exchange->deadline_ms != 0) WakeBy(exchange->deadline_ms);
  }
  if (connection_due_ms_ != 0) WakeBy(connection_due_ms_);
  FlushSoon();
}

void Http2Session::OnConnectionDeadline() {
  connection_due_ms_ = 0;
  if (waits_ == Waits::kLastBytes) {
    Close();
  } else if (waits_ == Waits::kHead) {
    worker_.CountSlow(SlowIn::kHead);
    codec_.Cut(Http2Abuse::kSlowHead);
  } else {
    codec_.FinishDrain();
  }
}

void Http2Session::Drain() {
  if (mode_ != Mode::kOpen || std::exchange(draining_, true)) return;
  codec_.BeginDrain();
  for (size_t i = 0; i < exchanges_.size(); ++i) exchanges_[i]->Drain();
  connection_due_ms_ = worker_.loop().NowMs() + kGoAwayMs;
  WakeBy(connection_due_ms_);
  FlushSoon();
}

void Http2Session::RecheckStreams() {
  for (const auto& exchange : exchanges_) exchange->Recheck();
}

void Http2Session::AddTo(WorkerStats& stats) const {
  ++stats.http2_connections;
  for (const auto& exchange : exchanges_) {
    ++stats.http2_streams;
    if (!exchange->IsEventStream()) continue;
    ++stats.http2_event_streams;
    stats.viewer_lag_entries += exchange->LagEntries();
  }
}

void Http2Session::Close() {
  if (mode_ == Mode::kClosed) return;
  mode_ = Mode::kClosed;
  worker_.CloseAtTurnEnd(id_);
}

}  // namespace tailrace
