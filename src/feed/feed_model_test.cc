// Random commits, viewers, transports, evictions, deletions, and orders of everything that may come
// late; each viewer's transcript is compared with what the store was told. TAILRACE_MODEL_SEED
// repeats the run that a failure names, TAILRACE_MODEL_RUNS says how many.
#include <gtest/gtest.h>
#include <filesystem>

#include <algorithm>
#include <cstdlib>

#include "feed/feed_harness.h"
#include "feed/feed_model.h"

namespace tailrace {
namespace {

constexpr uint64_t kRuns = 2'000;
constexpr size_t kMaxViewers = 12;
constexpr TimeNs kSecondNs = 1'000'000'000;

// ------------------------------------------------------------------------------------------------
// One run

class Model {
 public:
  explicit Model(uint64_t seed);
  void Run();

 private:
  static FeedLimits DrawLimits(Random& random);
  bool Chance(uint64_t percent) { return random_.Between(1, 100) <= percent; }
  size_t Below(size_t limit) { return random_.Between(0, limit - 1); }
  const LogKey& AnyKey() { return Chance(70) ? Rig::Key() : Rig::Other(); }
  Truth* Current(const LogKey& key);
  Seat* AnySeat();

  void Learn(const Commit& commit);
  void Step();
  void StepStore();
  void StepViewers();
  void Append(const LogKey& key, bool end);
  void Damage(const LogKey& key);
  void Join();
  StreamStart DrawStart(const LogKey& key);
  void OnGone(size_t seat);
  void Drop(Seat& seat);
  void Turn();

  void SettleAll();
  void CheckSeat(const Seat& seat);
  void CheckAll();

  SeededRandom random_;
  const FeedLimits limits_;
  SegmentFiles files_;
  Rig rig_;
  std::map<uint64_t, Truth> logs_;
  std::map<LogKey, uint64_t> current_;
  std::deque<Seat> seats_;
  bool store_may_fail_ = false;
  bool store_failed_ = false;
};

FeedLimits Model::DrawLimits(Random& random) {
  return {.feed_bytes = random.Between(0, 3) * random.Between(0, 300),
          .all_feeds_bytes = random.Between(0, 3) * random.Between(0, 300),
          .cache_bytes = random.Between(0, 3) * random.Between(0, 300),
          .read_bytes = random.Between(1, 300),
          .turn_sends = random.Between(0, 12),
          .coded = {.run_bytes = random.Between(1, 100),
                    .small_bytes = random.Between(0, 100),
                    .unit_bytes = random.Between(1, 60),
                    .turn_bytes = random.Between(1, 200)}};
}

Model::Model(uint64_t seed)
    : random_(seed),
      limits_(DrawLimits(random_)),
      files_(std::filesystem::temp_directory_path(),
             {.bytes = random_.Between(0, 8000), .segment_bytes = 1}),
      rig_(limits_, Chance(50) ? &files_ : nullptr) {
  store_may_fail_ = Chance(25);
  rig_.on_commit = [this](const Commit& commit) { Learn(commit); };
}

Truth* Model::Current(const LogKey& key) {
  const auto found = current_.find(key);
  return found == current_.end() ? nullptr : &logs_.at(found->second);
}

Seat* Model::AnySeat() {
  std::vector<Seat*> taken;
  for (Seat& seat : seats_) {
    if (seat.viewer != nullptr) taken.push_back(&seat);
  }
  return taken.empty() ? nullptr : taken[Below(taken.size())];
}

void Model::Learn(const Commit& commit) {
  const LogInfo& info = *commit.info;
  Truth& log = logs_[info.number];
  log.incarnation = info.incarnation;
  if (commit.kind == Commit::Kind::kRemoved) {
    files_.Forget(info.number);
    log.removed = true;
    current_.erase(info.key);
    return;
  }
  current_[info.key] = info.number;
  log.first = info.first;
  log.ended = info.HasEnded();
  for (const ChunkPtr& chunk : commit.chunks) {
    log.blocks.emplace_back(chunk->begin, chunk->end);
    Entry entry;
    for (EntryReader reader(chunk->encoded); reader.Next(entry);) {
      log.texts.emplace_back(entry.text);
    }
  }
}

void Model::Append(const LogKey& key, bool end) {
  if (const Truth* log = Current(key); log != nullptr && log->ended) return;
  std::vector<std::string> texts(random_.Between(end ? 0 : 1, 4));
  for (std::string& text : texts) text = random_.Name(random_.Between(1, Chance(5) ? 400 : 20));
  rig_.AppendTexts(texts, end, key);
}

void Model::Damage(const LogKey& key) {
  Truth* log = Current(key);
  if (log == nullptr || log->blocks.empty()) return;
  const Range block = log->blocks[Below(log->blocks.size())];
  if (block.first < log->first) return;
  log->damaged.push_back(block);
  rig_.store.Damage(key, block.first);
}

void Model::StepStore() {
  const LogKey& key = AnyKey();
  const size_t what = Below(100);
  rig_.clock.now += static_cast<TimeNs>(random_.Between(0, 8)) * kSecondNs;
  if (what < 70) {
    Append(key, Chance(4));
  } else if (what < 78) {
    if (Current(key) == nullptr) rig_.Create(key);
  } else if (what < 84) {
    if (Current(key) != nullptr) rig_.Remove(key);
  } else if (what < 92) {
    ASSERT_TRUE(rig_.store.ApplyRetention());
  } else if (what < 96) {
    Damage(key);
  } else if (store_may_fail_) {
    rig_.store.unreadable = !rig_.store.unreadable;
    store_failed_ = true;
  }
}

// ------------------------------------------------------------------------------------------------
// Viewers

StreamStart Model::DrawStart(const LogKey& key) {
  StreamStart start;
  const Truth* log = Current(key);
  const Position head = log == nullptr ? 0 : log->texts.size();
  start.position = Chance(40) ? 0 : random_.Between(0, head + (Chance(20) ? 3 : 0));
  if (log != nullptr && Chance(40)) start.incarnation = log->incarnation;
  if (!logs_.empty() && Chance(10)) {
    start.incarnation =
        std::next(logs_.begin(), static_cast<ptrdiff_t>(Below(logs_.size())))->second.incarnation;
  }
  return start;
}

void Model::Join() {
  if (rig_.table.Stats().viewers >= kMaxViewers) return;
  Seat& seat = seats_.emplace_back();
  seat.key = AnyKey();
  seat.start = DrawStart(seat.key);
  if (const Truth* log = Current(seat.key)) {
    seat.number_at_join = current_.at(seat.key);
    seat.position_at_join = log->texts.size();
  }
  const Style style(static_cast<Format>(Below(kFormats)), static_cast<Coding>(Below(kCodings)));
  const bool chunked = Chance(80);
  TestViewer& viewer = rig_.NewViewer(seat.start, style, chunked);
  const bool plain = style.coding == Coding::kIdentity;
  if (!chunked && plain) viewer.QueueRaw("head\n");
  if (Chance(60)) viewer.room = random_.Between(0, 200);
  if (Chance(30)) viewer.write_bytes = random_.Between(1, 100);
  viewer.on_gone = [this, index = seats_.size() - 1] { OnGone(index); };
  seat.viewer = &viewer;
  seat.transcript = viewer.transcript;
  rig_.table.Attach(seat.key, viewer);
}

void Model::OnGone(size_t index) {
  TestViewer& viewer = *std::exchange(seats_[index].viewer, nullptr);
  if (Chance(50)) rig_.Drop(viewer);
  Seat* other = Chance(20) ? AnySeat() : nullptr;
  if (other != nullptr) Drop(*other);
  if (Chance(10)) Join();
}

void Model::Drop(Seat& seat) {
  rig_.Drop(*std::exchange(seat.viewer, nullptr));
}

void Model::StepViewers() {
  const size_t what = Below(100);
  Seat* seat = AnySeat();
  if (what < 35 || seat == nullptr) return Join();
  if (what < 75) return rig_.Open(*seat->viewer, random_.Between(0, 300));
  if (what < 85) return Drop(*seat);
  if (what < 93) {
    rig_.table.NotifyIfIdle(*seat->viewer, "note\n");
  } else if (what < 96) {
    seat->may_abort = true;
    rig_.table.Finish(*seat->viewer, "bye\n");
  } else {
    seat->may_abort = true;
    seat->viewer->broken = true;
  }
}

void Model::Turn() {
  rig_.table.RunTurn();
  const FeedStats stats = rig_.table.Stats();
  ASSERT_LE(stats.window_bytes, limits_.all_feeds_bytes);
  ASSERT_LE(stats.cache_bytes, limits_.cache_bytes);
  ASSERT_EQ(stats.viewers,
            std::ranges::count_if(seats_, [](const Seat& seat) { return seat.viewer != nullptr; }));
}

void Model::Step() {
  const size_t what = Below(100);
  if (what < 25) {
    StepStore();
  } else if (what < 50) {
    StepViewers();
  } else if (what < 62) {
    rig_.Deliver(random_.Between(1, 3));
  } else if (what < 74) {
    if (rig_.pool.Waiting() > 0) rig_.pool.Work(Below(rig_.pool.Waiting()));
  } else if (what < 86) {
    if (rig_.pool.Worked() > 0) rig_.pool.Done(Below(rig_.pool.Worked()));
  } else {
    Turn();
  }
  if (Chance(30)) Turn();
}

// ------------------------------------------------------------------------------------------------
// What must have come

void Model::SettleAll() {
  rig_.store.unreadable = false;
  size_t seats = 0;
  while (seats != seats_.size()) {  // who goes may bring another one
    seats = seats_.size();
    for (Seat& seat : seats_) {
      if (seat.viewer == nullptr) continue;
      seat.viewer->write_bytes = SIZE_MAX;
      rig_.Open(*seat.viewer);
    }
    rig_.Settle();
  }
  Turn();
}

void Model::CheckSeat(const Seat& seat) {
  TranscriptReader reader(seat, logs_);
  reader.ReadAll();
  const Transcript& transcript = *seat.transcript;
  ASSERT_LE(transcript.finished + transcript.aborted, 1);
  if (transcript.finished > 0) {
    ASSERT_TRUE(reader.closed());
    ASSERT_TRUE(!transcript.chunked || transcript.chunks.Complete());
    return;
  }
  if (transcript.aborted > 0) {
    const Truth* log = reader.log();
    const bool may_abort =
        seat.may_abort || store_failed_ || std::ranges::any_of(logs_, [&](const auto& known) {
          return (log == nullptr || log == &known.second) && !known.second.Lossless();
        });
    ASSERT_TRUE(may_abort);
    return;
  }
  if (seat.viewer == nullptr) return;
  ASSERT_FALSE(reader.closed());
  ASSERT_TRUE(transcript.Whole());
  ASSERT_TRUE(seat.viewer->Idle());
  const Truth* log = Current(seat.key);
  if (log == nullptr) {
    ASSERT_EQ(reader.log(), nullptr) << "the log is gone and it was not told";
    return;
  }
  ASSERT_FALSE(log->ended) << "the end was not told";
  if (reader.log() == nullptr) return;
  ASSERT_EQ(reader.log(), log) << "its log is gone and it was not told";
  ASSERT_EQ(reader.position(), log->texts.size());
}

void Model::CheckAll() {
  SettleAll();
  for (size_t i = 0; i < seats_.size() && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("viewer " + std::to_string(i) + ", start " + seats_[i].start.incarnation + "." +
                 std::to_string(seats_[i].start.position) + "\n" + seats_[i].transcript->raw);
    CheckSeat(seats_[i]);
  }
}

void Model::Run() {
  const size_t steps = random_.Between(20, 200);
  for (size_t step = 0; step < steps && !testing::Test::HasFailure(); ++step) Step();
  CheckAll();
  // More entries reach everybody: none was left behind with nothing to wake it. The first ones may
  // create a log that just reaches to where somebody waited for it.
  const size_t seats = seats_.size();
  for (int round = 0; round < 2; ++round) {
    for (const LogKey& key : {Rig::Key(), Rig::Other()}) Append(key, false);
    CheckAll();
  }
  for (size_t i = 0; i < seats && !testing::Test::HasFailure(); ++i) {
    const Seat& seat = seats_[i];
    if (seat.viewer == nullptr) continue;
    TranscriptReader reader(seat, logs_);
    reader.ReadAll();
    EXPECT_NE(reader.log(), nullptr) << "viewer " << i << " sees nothing of its log";
  }
  for (const LogKey& key : {Rig::Key(), Rig::Other()}) {
    if (Current(key) != nullptr) rig_.Remove(key);
  }
  CheckAll();
  for (Seat& seat : seats_) {
    if (seat.viewer != nullptr) Drop(seat);
  }
  rig_.Settle();
  EXPECT_EQ(rig_.table.Stats().feeds, 0u);
  EXPECT_EQ(rig_.table.Stats().window_bytes, 0u);
  EXPECT_TRUE(rig_.store.followed.empty());
}

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

TEST(FeedModel, EachTranscriptIsTheLog) {
  const uint64_t first = FromEnvironment("TAILRACE_MODEL_SEED", 1);
  const uint64_t runs = FromEnvironment("TAILRACE_MODEL_RUNS", kRuns);
  for (uint64_t seed = first; seed < first + runs && !HasFailure(); ++seed) {
    SCOPED_TRACE("TAILRACE_MODEL_SEED=" + std::to_string(seed));
    Model(seed).Run();
  }
}

}  // namespace
}  // namespace tailrace
