// What the tests of this folder share: a store that answers at once, a pool whose tasks the test
// runs in any order, viewers with a transport that blocks and breaks, and all of it as one worker.
// Single-threaded for the test: the store's commit thread only works while a call of Rig waits.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed_table.h"
#include "feed/hub.h"
#include "store/memory_store.h"

namespace tailrace {

/// One line an entry: "INCARNATION N TEXT". kJson puts '{' before it; kBatch puts a line "[FROM"
/// before the entries of each chunk, so that its bytes depend on the chunks' limits.
/// Codings: a part is "(SIZE:PLAIN)"; gzip begins with "<" and ends with ">SUM,SIZE" of all parts.
class TestRenderer final : public SegmentRenderer {
 public:
  void Render(Format format, std::string_view incarnation, Position begin, Position end,
              std::span<const ChunkPtr> chunks, std::string& out) const override;
  void AppendStart(Coding coding, std::string& out) const override;
  void AppendPart(Coding coding, std::string_view plain, std::string& out) const override;
  void AppendEnd(Coding coding, const PlainSum& all, std::string& out) const override;
  PlainSum Sum(std::string_view plain) const override;
  PlainSum Join(const PlainSum& first, const PlainSum& second) const override;

  static constexpr std::string_view kBroken = "not decodable\n";
  /// What a client makes of the bytes so far.
  static std::string Decode(Coding coding, std::string_view bytes);
};

/// Tasks wait in the order of their submission; each has two halves, which the test runs.
class TestPool {
 public:
  FeedTable::RunInPool Runner();
  size_t Waiting() const { return waiting_.size(); }
  size_t Worked() const { return worked_.size(); }
  /// The `work` of the task that stands at `index` among those that wait.
  void Work(size_t index = 0);
  /// The `done` of the task that stands at `index` among those whose work is done.
  void Done(size_t index = 0);
  /// Both, for all that is there and comes meanwhile.
  void RunAll();

 private:
  struct Entry {
    FeedTable::Task work;
    FeedTable::Task done;
  };
  std::vector<Entry> waiting_;
  std::vector<Entry> worked_;
};

/// A MemoryStore that can refuse to be read and counts.
class TestStore final : public LogStore {
 public:
  explicit TestStore(StoreOptions options);

  bool unreadable = false;
  uint64_t stats = 0;
  uint64_t reads = 0;
  std::map<LogKey, int> followed;  ///< Without zeros.

  void Append(AppendRequest request) override { store_.Append(std::move(request)); }
  void Create(CreateRequest request) override { store_.Create(std::move(request)); }
  void End(EndRequest request) override { store_.End(std::move(request)); }
  void Remove(RemoveRequest request) override { store_.Remove(std::move(request)); }
  Result<LogInfo> Stat(const LogKey& key) override;
  Result<ReadAnswer> Read(const LogKey& key, Position from, size_t max_bytes) override;
  Result<Position> FindTextOffset(const LogKey& key, uint64_t offset) override;
  Result<ListAnswer> List(const ListQuery& query) override { return store_.List(query); }
  Result<void> ApplyRetention() override { return store_.ApplyRetention(); }
  StoreStats Stats() const override { return store_.Stats(); }
  void SetCommitListener(CommitListener listener) override;
  void Follow(const LogKey& key) override { ++followed[key]; }
  void Unfollow(const LogKey& key) override;
  void Damage(const LogKey& key, Position position) { store_.Damage(key, position); }

 private:
  SeededRandom* random_;
  MemoryStore store_;
};

/// Reads HTTP/1.1 chunked coding (RFC 9112 §7.1) byte by byte.
class ChunkedReader {
 public:
  void Feed(std::string_view bytes);
  const std::string& Payload() const { return payload_; }
  bool Broken() const { return state_ == State::kBroken; }
  bool BetweenChunks() const { return state_ == State::kSize && digits_ == 0; }
  bool Complete() const { return state_ == State::kComplete; }

 private:
  enum class State : uint8_t {
    kSize,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kLastCr,
    kLastLf,
    kComplete,
    kBroken
  };
  State Next(char byte);

  State state_ = State::kSize;
  size_t digits_ = 0;
  size_t size_ = 0;
  std::string payload_;
};

/// What one viewer was sent, which outlives it.
struct Transcript {
  std::string raw;
  ChunkedReader chunks;
  bool chunked = true;
  Coding coding = Coding::kIdentity;
  int finished = 0;
  int aborted = 0;

  /// What a client reads: decoded and without the head.
  std::string Payload() const {
    return TestRenderer::Decode(coding, chunked ? chunks.Payload() : raw);
  }
  bool Whole() const { return !chunked || chunks.BetweenChunks() || chunks.Complete(); }
};

class TestViewer final : public Viewer {
 public:
  TestViewer(Style style, bool chunked, StreamStart start);

  std::string Payload() const { return transcript->Payload(); }

  std::shared_ptr<Transcript> transcript;
  size_t room = SIZE_MAX;         ///< Bytes that the transport takes until it blocks.
  size_t write_bytes = SIZE_MAX;  ///< Bytes that one write takes at most.
  bool broken = false;
  uint64_t writes = 0;
  std::function<void()> on_write;  ///< Before the bytes are taken.
  std::function<void()> on_gone;   ///< After OnFinished and OnAborted; may destroy the viewer.

 private:
  int64_t Write(std::span<const iovec> parts) override;
  void TellGap(std::string& out, const LogInfo& info, Position from, Position to,
               GapCause cause) override;
  void TellReset(std::string& out, const LogInfo& info, ResetCause cause) override;
  void TellEnd(std::string& out, const LogInfo& info) override;
  void TellDeleted(std::string& out) override { out.append("deleted\n"); }
  void TellUnavailable(std::string& out) override { out.append("unavailable\n"); }
  void OnFinished() override;
  void OnAborted() override;
};

/// Chunks, entries and infos without a store.
ChunkPtr TestChunk(Position begin, const std::vector<std::string>& texts);
LogInfo TestInfo(uint64_t number, Position position, Position first = 0);

class TestClock final : public Clock {
 public:
  TimeNs Now() const override { return now; }
  TimeNs now = 1'000'000'000'000;
};

/// One worker with its table; every commit waits in `inbox` until the worker hears of it.
class Rig {
 public:
  explicit Rig(const FeedLimits& limits = {}, SegmentFiles* files = nullptr);
  ~Rig();

  static const LogKey& Key();    ///< deploy/1
  static const LogKey& Other();  ///< deploy/2

  /// Entries "0", "1", … by their positions, one chunk.
  LogInfo Append(size_t entries, const LogKey& key = Key());
  LogInfo AppendTexts(const std::vector<std::string>& texts, bool end = false,
                      const LogKey& key = Key());
  void Create(const LogKey& key = Key());
  void End(const LogKey& key = Key());
  void Remove(const LogKey& key = Key());
  /// Retention takes all that was committed so far (but not what comes now).
  void CutAll();

  TestViewer& Join(StreamStart start = {}, const LogKey& key = Key(), Style style = Format::kText,
                   bool chunked = true);
  /// Creates it without attaching.
  TestViewer& NewViewer(StreamStart start = {}, Style style = Format::kText, bool chunked = true);
  void Drop(TestViewer& viewer);

  void Deliver(size_t deliveries = SIZE_MAX);
  /// Turns until there is nothing to do; the number of turns. Fails beyond 10,000.
  size_t Turns();
  /// Delivers, runs the pool and the turns until nothing is left.
  void Settle();
  /// The transport takes `bytes` more.
  void Open(TestViewer& viewer, size_t bytes = SIZE_MAX);

  /// "INCARNATION N TEXT" lines [begin, end) with the texts of Append.
  std::string Lines(Position begin, Position end, const LogKey& key = Key());
  LogInfo Info(const LogKey& key = Key());

  TestClock clock;
  TestStore store;
  TestRenderer renderer;
  TestPool pool;
  std::deque<HubDelivery> inbox;
  std::function<void(const Commit&)> on_commit;  ///< On the commit thread, while the caller waits.
  Hub hub;
  FeedTable table;
  std::vector<std::unique_ptr<TestViewer>> viewers;

 private:
  std::map<LogKey, Position> appended_;
};

}  // namespace tailrace
