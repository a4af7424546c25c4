// Worker: one thread with its loop, its sessions and its feeds. Workers share nothing but the
// store, the hub and a few counters.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/random.h"
#include "feed/feed_table.h"
#include "feed/hub.h"
#include "http/cors.h"
#include "http/http1.h"
#include "http/http2.h"
#include "http/response.h"
#include "io/deadlines.h"
#include "io/loop.h"
#include "server/base_path.h"
#include "server/gate.h"
#include "server/list_streams.h"
#include "server/open_session.h"
#include "server/search_load.h"
#include "server/server_config.h"
#include "server/session.h"
#include "source/log_origin.h"
#include "store/log_store.h"

namespace tailrace {

class OuterAuthenticators;
class Redactor;
class AccessReviews;
class AccessService;
class Routes;
class KubernetesSource;
class MongoSource;
class TlsContext;
class Worker;

/// What all workers see. The counters are the process's.
struct ServerShared {
  ServerShared(const ServerConfig& server_config, LogStore& log_store,
               const SegmentRenderer& segment_renderer, const Routes& all_routes, Hub& commit_hub,
               const std::vector<std::unique_ptr<Worker>>& all_workers)
      : config(server_config),
        store(log_store),
        renderer(segment_renderer),
        routes(all_routes),
        hub(commit_hub),
        index_page(server_config.base_path),
        workers(all_workers) {}

  const ServerConfig& config;
  LogStore& store;
  const SegmentRenderer& renderer;
  const Routes& routes;
  Hub& hub;
  const IndexPage index_page;
  CorsPolicy cors;                                      ///< Set before any worker runs.
  std::string content_security_policy;                  ///< Of the pages. The same.
  AccessService* access = nullptr;                      ///< Null: access control is off.
  OriginRules origin_rules;                             ///< Set before any worker runs.
  OuterAuthenticators* outer = nullptr;                 ///< Set before any worker is made.
  AccessReviews* reviews = nullptr;                     ///< The same. Null: clusters are not asked.
  TlsContext* tls = nullptr;                            ///< Null: everything is in clear text.
  const Redactor* redactor = nullptr;                   ///< Null: texts are stored as they came.
  SegmentFiles* segment_files = nullptr;                ///< Null: there are none.
  LogOrigin* origin = nullptr;                          ///< Null: logs come by requests alone.
  const MongoSource* mongodb = nullptr;                 ///< The same one, for its statistics.
  const KubernetesSource* kubernetes = nullptr;         ///< Null: none. For its statistics.
  const std::vector<std::unique_ptr<Worker>>& workers;  ///< Complete before any of them runs.
  const std::atomic<bool>* store_is_opening = nullptr;  ///< True: its database was never there yet.
  std::atomic<bool> draining = false;
  std::atomic<uint64_t> connections = 0;  ///< Accepted and not closed.
  std::atomic<uint64_t> viewers = 0;      ///< Log streams.
  SearchLoad searches;
  std::atomic<uint64_t> rests_at_limit = 0;    ///< Times that accepting rested: `connections`.
  std::atomic<uint64_t> rests_starved = 0;     ///< The same: no descriptor or memory in the kernel.
  std::function<void()> on_connection_closed;  ///< Any thread: room for another one.
};

/// Where a client took too long.
enum class SlowIn : uint8_t { kHead, kBody, kAnswer };
inline constexpr size_t kSlowIn = 3;

/// One worker's share of /metrics.
struct WorkerStats {
  FeedStats feeds;
  uint64_t sessions = 0;
  uint64_t list_viewers = 0;
  uint64_t requests = 0;
  std::map<int, uint64_t> answers;           ///< By status.
  uint64_t bytes_sent = 0;                   ///< Of answers; streams: FeedStats::bytes_sent.
  uint64_t http2_abuses[kHttp2Abuses] = {};  ///< Connections cut, by Http2Abuse.
  uint64_t slow_clients[kSlowIn] = {};       ///< Cut, by SlowIn.
  uint64_t proxy_headers_refused = 0;
  uint64_t streams_started = 0;
  uint64_t streams_resumed = 0;  ///< Began with a cursor of a client that was here before.
  uint64_t streams_refused = 0;  ///< Told to come back later: full or draining.
  uint64_t streams_ended = 0;    ///< Told the log's end.
  uint64_t streams_expired = 0;  ///< Told that their viewer may not see it any more.
  // As of the call.
  uint64_t viewer_lag_entries = 0;  ///< Sum over streams of head - position.
  uint64_t http1_connections = 0;
  uint64_t http2_connections = 0;
  uint64_t uwsgi_connections = 0;
  uint64_t http1_event_streams = 0;
  uint64_t http2_event_streams = 0;
  uint64_t uwsgi_event_streams = 0;
  uint64_t http2_streams = 0;  ///< Requests under way on HTTP/2, event streams included.
};

class Worker {
 public:
  Worker(size_t index, ServerShared& shared);
  ~Worker();

  /// Any thread.
  void Run() { loop_.Run(); }
  void Stop() { loop_.Stop(); }
  void Deliver(HubDelivery delivery);
  /// `kind`: its TlsContext outlives the worker.
  void TakeConnection(int fd, const ListenKind& kind);
  /// After Run has returned, on the thread that destroys it: ends everything that uses the store,
  /// but can still be posted to.
  void Shutdown();
  /// Ends idle sessions, tells streams to come back, lets requests finish.
  void StartDrain();
  size_t Sessions() const { return session_count_.load(std::memory_order_relaxed); }

  // Everything below: the worker's thread.
  Loop& loop() { return loop_; }
  FeedTable& feeds() { return feeds_; }
  ListStreams& lists() { return lists_; }
  LogStore& store() { return shared_.store; }
  ServerShared& shared() { return shared_; }
  const ServerConfig& config() const { return shared_.config; }
  const Http1Limits& http1_limits() const { return http1_limits_; }
  const Http2Limits& http2_limits() const { return http2_limits_; }
  DateCache& date() { return date_; }
  Random& random() { return random_; }
  bool draining() const { return shared_.draining.load(std::memory_order_relaxed); }
  WorkerStats Stats() const;
  WorkerStats& stats() { return stats_; }

  Session* FindSession(SessionId id);
  void CloseAtTurnEnd(SessionId id);
  /// Session::OnTurnEnd comes, after all viewers were served. Once a turn is enough.
  void CallAtTurnEnd(SessionId id) { calling_.push_back(id); }
  /// Whether a new connection may have its first request read now. If not, OnTurnEnd comes when it
  /// may: a crowd that comes at once must not stand in front of those who are here.
  bool TakeOpening(SessionId id);
  void AddDeadline(uint64_t deadline_ms, SessionId id);
  Gate& gate() { return gate_; }
  /// Every stream looks whether it may go on.
  void RecheckStreams();
  /// Routes the request that `exchange` has just read the head of.
  void Dispatch(Exchange& exchange);

  /// Runs `work` on the reader pool and `done(result)` here.
  template <typename Work, typename Done>
  void Read(Work work, Done done);

  /// Unique among the workers of this run, short enough to need no heap.
  std::string NextRequestId() { return request_prefix_ + std::to_string(++stats_.requests); }
  void CountAnswer(int status) { ++stats_.answers[status]; }
  void CountAbuse(Http2Abuse abuse) { ++stats_.http2_abuses[static_cast<size_t>(abuse)]; }
  void CountSlow(SlowIn in) { ++stats_.slow_clients[static_cast<size_t>(in)]; }
  void CountSent(uint64_t bytes) { stats_.bytes_sent += bytes; }
  uint64_t DrawDrainRetryMs();

 private:
  struct Slot {
    std::unique_ptr<Session> session;
    uint32_t generation = 0;
  };

  bool EndTurn();
  void CloseSession(SessionId id);
  void RunDeadlines();
  void ArmDeadlines();
  void RunTurnEndCalls();
  void RunOpenings();
  void AddSession(int fd, const ListenKind& kind);

  const size_t index_;
  ServerShared& shared_;
  Http1Limits http1_limits_;
  Http2Limits http2_limits_;
  Loop loop_;
  SystemRandom seed_;
  SeededRandom random_;
  const std::string request_prefix_;
  DateCache date_;
  Deadlines<SessionId> deadlines_;
  uint64_t armed_ms_ = 0;  // the loop's wake-up; 0: none
  bool shut_down_ = false;
  Gate gate_;  // before the slots: streams leave it
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<SessionId> closing_;
  std::vector<SessionId> calling_;  // OnTurnEnd
  std::deque<SessionId> opening_;   // want TakeOpening; first come, first served
  size_t openings_ = 0;             // taken in this turn
  std::atomic<size_t> session_count_ = 0;
  WorkerStats stats_;
  FeedTable feeds_;
  ListStreams lists_;
};

template <typename Work, typename Done>
void Worker::Read(Work work, Done done) {
  using Value = decltype(work());
  auto value = std::make_shared<std::optional<Value>>();
  loop_.RunInPool([value, work = std::move(work)]() mutable { value->emplace(work()); },
                  [value, done = std::move(done)]() mutable { done(std::move(**value)); });
}

}  // namespace tailrace
