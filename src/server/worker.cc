#include "server/worker.h"

#include <unistd.h>

#include <utility>

#include "server/routes.h"

namespace tailrace {
namespace {

// First requests of connections that are read in a turn: about as many as are accepted in one.
constexpr size_t kOpeningsPerTurn = 32;

Http1Limits MakeHttp1Limits(const LimitConfig& limits) {
  Http1Limits http1;
  http1.head_bytes = limits.header_bytes;
  http1.target_bytes = limits.header_bytes;
  http1.content_length = limits.body_bytes;
  return http1;
}

Http2Limits MakeHttp2Limits(const LimitConfig& limits) {
  Http2Limits http2;
  http2.head = MakeHttp1Limits(limits);
  http2.streams = static_cast<uint32_t>(limits.http2_streams);
  http2.resets = limits.http2_resets;
  http2.control_frames = limits.http2_control_frames;
  return http2;
}

FeedLimits MakeFeedLimits(const StreamConfig& streams) {
  FeedLimits limits;
  limits.feed_bytes = streams.feed_bytes;
  limits.all_feeds_bytes = streams.all_feeds_bytes;
  limits.cache_bytes = streams.catch_up_cache_bytes;
  limits.read_bytes = streams.catch_up_read_bytes;
  limits.turn_sends = streams.turn_sends;
  limits.turn_bytes = streams.turn_bytes;
  return limits;
}

}  // namespace

Worker::Worker(size_t index, ServerShared& shared)
    : index_(index),
      shared_(shared),
      http1_limits_(MakeHttp1Limits(shared.config.limits)),
      http2_limits_(MakeHttp2Limits(shared.config.limits)),
      random_(seed_.Next()),
      request_prefix_(random_.Name(6) + "-"),
      gate_(*this),
      feeds_(
          index, shared.store, shared.hub, shared.renderer, MakeFeedLimits(shared.config.streams),
          [this](FeedTable::Task work, FeedTable::Task done) {
            loop_.RunInPool(std::move(work), std::move(done));
          },
          shared.segment_files),
      lists_([this](bool watch) { shared_.hub.WatchList(index_, watch); }) {
  loop_.SetTurnEnd([this] { return EndTurn(); });
}

Worker::~Worker() {
  Shutdown();
}

void Worker::Shutdown() {
  loop_.SetTurnEnd(nullptr);
  shut_down_ = true;  // connections may still stand in the loop's mailbox
  for (Slot& slot : slots_) {
    slot.session.reset();  // streams leave their feeds, uploads store what they hold
  }
  loop_.DrainPool();
  feeds_.Clear();
}

void Worker::Deliver(HubDelivery delivery) {
  loop_.Post([this, delivery = std::move(delivery)] {
    feeds_.Apply(delivery);
    gate_.OnCommits(delivery.followed);
    lists_.Apply(delivery.listed);
  });
}

void Worker::TakeConnection(int fd, const ListenKind& kind) {
  session_count_.fetch_add(1, std::memory_order_relaxed);
  loop_.Post([this, fd, kind] { AddSession(fd, kind); });
}

void Worker::AddSession(int fd, const ListenKind& kind) {
  if (shut_down_) {
    close(fd);
    return;
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  slot.session = AcceptSession(*this, SessionId{index, slot.generation}, fd, kind);
}

Session* Worker::FindSession(SessionId id) {
  if (id.slot >= slots_.size() || slots_[id.slot].generation != id.generation) return nullptr;
  return slots_[id.slot].session.get();
}

void Worker::CloseAtTurnEnd(SessionId id) {
  closing_.push_back(id);
}

void Worker::CloseSession(SessionId id) {
  if (FindSession(id) == nullptr) return;
  Slot& slot = slots_[id.slot];
  slot.session.reset();
  ++slot.generation;
  free_slots_.push_back(id.slot);
  session_count_.fetch_sub(1, std::memory_order_relaxed);
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (shared_.on_connection_closed) shared_.on_connection_closed();
}

bool Worker::EndTurn() {
  RunDeadlines();
  const bool more_entries = feeds_.RunTurn();
  const bool more_lists = lists_.RunTurn(config().streams.turn_sends);
  RunTurnEndCalls();
  RunOpenings();
  const std::vector<SessionId> closing = std::exchange(closing_, {});
  for (const SessionId id : closing) CloseSession(id);
  ArmDeadlines();
  return more_entries || more_lists || !closing.empty() || !closing_.empty() || !calling_.empty() ||
         !opening_.empty();
}

bool Worker::TakeOpening(SessionId id) {
  if (opening_.empty() && openings_ < kOpeningsPerTurn) {
    ++openings_;
    return true;
  }
  opening_.push_back(id);
  return false;
}

// Those who waited come before those who come in the next turn.
void Worker::RunOpenings() {
  for (openings_ = 0; openings_ < kOpeningsPerTurn && !opening_.empty(); ++openings_) {
    const SessionId id = opening_.front();
    opening_.pop_front();
    if (Session* session = FindSession(id)) session->OnTurnEnd();
  }
}

void Worker::RunTurnEndCalls() {
  for (const SessionId id : std::exchange(calling_, {})) {
    Session* session = FindSession(id);
    if (session == nullptr) continue;
    if (std::unique_ptr<Session> next = session->OnTurnEnd()) {
      slots_[id.slot].session = std::move(next);
      CallAtTurnEnd(id);
    }
  }
}

void Worker::AddDeadline(uint64_t deadline_ms, SessionId id) {
  deadlines_.Add(deadline_ms, id);
}

void Worker::RunDeadlines() {
  deadlines_.Run(loop_.NowMs(), [this](SessionId id, uint64_t due_ms) {
    if (Session* session = FindSession(id)) session->OnDeadlineDue(*this, due_ms);
  });
}

void Worker::ArmDeadlines() {
  if (deadlines_.Empty() || deadlines_.NextMs() == armed_ms_) return;
  armed_ms_ = deadlines_.NextMs();
  // Coming awake is all: deadlines are looked at when the turn ends.
  loop_.SetWakeUp(armed_ms_, [this] { armed_ms_ = 0; });
}

void Worker::StartDrain() {
  loop_.Post([this] {
    for (const Slot& slot : slots_) {
      if (slot.session != nullptr) slot.session->Drain();
    }
  });
}

void Worker::RecheckStreams() {
  for (const Slot& slot : slots_) {
    if (slot.session != nullptr) slot.session->RecheckStreams();
  }
}

uint64_t Worker::DrawDrainRetryMs() {
  const StreamConfig& streams = config().streams;
  return random_.Between(streams.retry_min_ms, streams.retry_min_ms + streams.drain_window_ms);
}

WorkerStats Worker::Stats() const {
  WorkerStats stats = stats_;
  stats.feeds = feeds_.Stats();
  stats.sessions = session_count_.load(std::memory_order_relaxed);
  stats.list_viewers = lists_.Size();
  for (const Slot& slot : slots_) {
    if (slot.session != nullptr) slot.session->AddTo(stats);
  }
  return stats;
}

void Worker::Dispatch(Exchange& exchange) {
  shared_.routes.Dispatch(*this, exchange);
}

}  // namespace tailrace
