// FeedTable: all feeds and viewers of one worker: what comes in, who gets what in which turn.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>

#include "feed/feed.h"
#include "feed/hub.h"
#include "feed/segment_cache.h"
#include "feed/segment_files.h"
#include "feed/viewer.h"
#include "store/log_store.h"

namespace tailrace {

struct FeedLimits {
  uint64_t feed_bytes = 4 << 20;  ///< Newest chunks and their segments of one log.
  uint64_t all_feeds_bytes =
      64 << 20;                     ///< Of all logs; the log that was silent longest goes first.
  uint64_t cache_bytes = 32 << 20;  ///< Segments of viewers that catch up.
  uint64_t read_bytes = 128 << 10;  ///< One read from the store.
  size_t turn_sends = 1'000;        ///< Viewers served before the loop looks around.
  uint64_t turn_bytes = 1 << 20;    ///< Sent before it does so.
  CodedSizes coded;
};

struct FeedStats {
  uint64_t feeds = 0;
  uint64_t viewers = 0;
  uint64_t entries_sent = 0;
  uint64_t writes = 0;  ///< To viewers' transports.
  std::array<uint64_t, kCodings> bytes_sent{};
  std::array<uint64_t, kCodings> plain_bytes_sent{};  ///< Of whole segments, if not compressed.
  SegmentCosts costs;
  uint64_t gaps = 0;
  uint64_t resets = 0;
  uint64_t store_reads = 0;  ///< And rendered.
  uint64_t file_reads = 0;   ///< From SegmentFiles instead.
  uint64_t window_bytes = 0;
  uint64_t cache_bytes = 0;
};

class FeedTable {
 public:
  using Task = std::move_only_function<void()>;
  /// Runs `work` where blocking is allowed, then `done` on this table's thread.
  using RunInPool = std::function<void(Task work, Task done)>;

  /// All outlive the table, and none of its tasks may run any more when it goes. Everything else
  /// on one thread; a turn must follow whatever is called. `files` may be null.
  FeedTable(size_t worker, LogStore& store, Hub& hub, const SegmentRenderer& renderer,
            const FeedLimits& limits, RunInPool run_in_pool, SegmentFiles* files = nullptr);
  ~FeedTable();
  /// Forgets all feeds. No viewer is attached and no task of the pool is under way.
  void Clear();

  /// The viewer stays its owner's, who detaches it before destroying it. Its bytes go out in
  /// RunTurn: what it was given raw, `greeting`, and then the log.
  void Attach(const LogKey& key, Viewer& viewer, std::string_view greeting = {});
  /// Harmless on a viewer that is not attached (any more).
  void Detach(Viewer& viewer);
  /// The transport has room again.
  void Writable(Viewer& viewer);
  /// The same, and uses it at once: for transports that viewers share by turns of their own.
  void ServeBlocked(Viewer& viewer);
  /// Sends `payload` between two entries if the viewer is idle, else does nothing (false).
  bool NotifyIfIdle(Viewer& viewer, std::string_view payload);
  /// The stream ends with `payload`, or by OnAborted at once if the transport is full or a segment
  /// is half sent.
  void Finish(Viewer& viewer, std::string_view payload);

  /// What the hub sends to this worker.
  void Apply(const HubDelivery& delivery);

  /// Serves viewers, about as many as FeedLimits allows in a turn. True: there is more to do.
  bool RunTurn();

  FeedStats Stats() const;

 private:
  struct ReadKey {
    uint64_t serial;
    uint64_t number;  // incarnation: a feed may outlive several
    Position begin;
    Position end;  // 0: as much as one read gives
    Style style;
    auto operator<=>(const ReadKey&) const = default;
  };
  struct ReadResult;
  struct Run;
  struct PendingRead {
    ViewerList viewers;
  };
  enum class Step : uint8_t { kSentAll, kBlocked, kReading, kMore, kGone };
  struct Gather;
  /// What may still be done in a turn or a part of it.
  struct Budget {
    size_t sends = 0;
    uint64_t bytes = 0;
    bool Spent() const { return sends == 0 || bytes == 0; }
    /// A viewer was served and got `sent`, however much that is.
    void Spend(uint64_t sent) {
      --sends;
      bytes -= std::min(bytes, sent);
    }
  };

  Feed& FeedFor(const LogKey& key);
  Feed* FindFeed(const LogKey& key, uint64_t serial);
  void Forget(Feed& feed);
  void LookUp(Feed& feed);
  void OnLookedUp(const LogKey& key, uint64_t serial, uint64_t look_up, Result<LogInfo> info);
  bool Learn(Feed& feed, const LogInfo& info);
  bool LearnRemoved(Feed& feed, uint64_t number);
  void AddChunks(Feed& feed, const std::vector<ChunkPtr>& chunks);
  void ResolveWaiting(Feed& feed);
  bool Resolve(Feed& feed, Viewer& viewer);
  void MarkDirty(Feed& feed);
  void MakeReady(Viewer& viewer);
  void Rest(Viewer& viewer, Viewer::State state, ViewerList& list);

  void ServeList(ViewerList& list, size_t& left, Budget& budget);
  bool ServePass(Feed& feed, Budget& budget);
  /// Returns how many bytes its transport took.
  uint64_t Serve(Viewer& viewer);
  void Touch(Feed& feed);
  void ShrinkWindows();
  void Recount(Feed& feed);

  // feed_send.cc: one viewer
  Step Advance(Feed& feed, Viewer& viewer, uint64_t& sent_bytes);
  void Collect(Feed& feed, Viewer& viewer, Gather& gather);
  void AddNotices(Feed& feed, Viewer& viewer);
  void Consume(Viewer& viewer, const Gather& gather, uint64_t sent);
  Step Abort(Viewer& viewer);

  // feed_read.cc: catching up
  void StartRead(Feed& feed, Viewer& viewer);
  ReadResult ReadSegment(const LogKey& key, const ReadKey& read) const;
  std::optional<ReadResult> ReadRun(const LogKey& key, const ReadKey& read, Run& run) const;
  std::optional<ReadResult> AddItems(const ReadAnswer& answer, const ReadKey& read, Run& run) const;
  void OnRead(const LogKey& key, const ReadKey& read, ReadResult result);
  void ApplyReadResult(Feed& feed, Viewer& viewer, const ReadResult& result);

  const size_t worker_;
  LogStore& store_;
  Hub& hub_;
  const SegmentRenderer& renderer_;
  SegmentMaker maker_;
  const FeedLimits limits_;
  const RunInPool run_in_pool_;
  SegmentFiles* const files_;

  SegmentCache cache_;
  std::unordered_map<LogKey, std::unique_ptr<Feed>> feeds_;
  std::map<ReadKey, PendingRead> reads_;
  ViewerList ready_;
  size_t ready_left_ = 0;       // of ready_, as Feed::pass_left_
  std::deque<Feed*> dirty_;     // each has something new for its followers
  std::vector<Feed*> touched_;  // windows to look at when the turn ends
  std::list<Feed*> by_age_;     // with a window; front: its last commit is oldest
  uint64_t next_serial_ = 1;
  FeedStats stats_;
};

}  // namespace tailrace
