// For tests of ContainerFollower: a node with one container, whose log is read over a network that
// cuts, and whose pod's status is late; and the log that comes of it, which survives kills.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rollout/note.h"
#include "source/kubernetes/container_follower.h"

namespace tailrace::testing {

inline constexpr TimeNs kFollowSecond = 1'000'000'000;

// One container on a node: its lives, their log files, the requests that are open, and the pod's
// status, which lags behind.
class World final : public FollowPort {
 public:
  struct KubeletLine {
    TimeNs stamp;
    std::string text;
  };
  struct KubeletLife {
    ContainerInstance instance;
    std::vector<KubeletLine> lines;
    size_t file_begin = 0;  // earlier lines were rotated away
    bool running = true;
  };
  struct Stream {
    LogQuery query;
    kube::ApiClient::StreamHandler handler;
    size_t life = 0;
    size_t next = 0;
    std::string bytes;  // not delivered
    bool refused = false;
  };

  explicit World(unsigned seed) : random(seed) {}

  // FollowPort
  std::unique_ptr<Pending> Open(const LogQuery& query,
                                kube::ApiClient::StreamHandler handler) override {
    const uint64_t number = ++numbers_;
    Stream& stream = streams[number];
    stream.query = query;
    stream.handler = std::move(handler);
    const size_t count = lives.size();
    stream.refused = pod_gone || api_away || count == 0 || (query.previous && count < 2);
    if (!stream.refused) {
      stream.life = query.previous ? count - 2 : count - 1;
      stream.next = lives[stream.life].file_begin;
    }
    return std::make_unique<Cancel>([this, number] { streams.erase(number); });
  }
  std::unique_ptr<Pending> After(uint64_t delay_ms, std::function<void()> task) override {
    const uint64_t number = ++numbers_;
    alarms[number] = {now + static_cast<TimeNs>(delay_ms) * 1'000'000, std::move(task)};
    return std::make_unique<Cancel>([this, number] { alarms.erase(number); });
  }
  TimeNs Now() override { return now; }
  uint64_t Below(uint64_t limit) override { return random() % limit; }

  // The node
  void Start() {
    KubeletLife life;
    life.instance.id = "run://" + std::to_string(lives.size());
    life.instance.started = now / kFollowSecond * kFollowSecond;
    lives.push_back(std::move(life));
  }
  void Print(size_t count) {
    for (; count > 0; --count) {
      if (!equal_stamps || random() % 3 == 0) now += static_cast<TimeNs>(random() % 2'000'000 + 1);
      Life().lines.push_back({now, "line " + std::to_string(++printed)});
    }
  }
  void Rotate() { Life().file_begin = Life().lines.size(); }
  void Exit() {
    Life().running = false;
    Life().instance.finished = now / kFollowSecond * kFollowSecond;
    Life().instance.exit_code = 3;
  }
  KubeletLife& Life() { return lives.back(); }

  ContainerState State() const {
    ContainerState state;
    if (lives.empty()) return state;
    state.phase =
        lives.back().running ? ContainerState::Phase::kRunning : ContainerState::Phase::kTerminated;
    state.current = lives.back().instance;
    state.restarts = lives.size() - 1;
    if (lives.size() > 1) state.last = lives[lives.size() - 2].instance;
    return state;
  }

  // The network. False: nothing is open.
  bool Deliver(bool all) {
    if (streams.empty()) return false;
    const uint64_t number = streams.begin()->first;
    Stream& stream = streams.begin()->second;
    if (stream.refused) {
      EndStream(number, Refusal());
      return true;
    }
    const KubeletLife& life = lives[stream.life];
    for (; stream.next < life.lines.size(); ++stream.next) {
      const KubeletLine& line = life.lines[stream.next];
      if (stream.query.since_s && line.stamp < *stream.query.since_s * kFollowSecond) continue;
      stream.bytes += FormatRfc3339(line.stamp) + " " + line.text + "\n";
    }
    if (!stream.bytes.empty()) {
      const size_t size = all ? stream.bytes.size() : 1 + random() % stream.bytes.size();
      const std::string piece = stream.bytes.substr(0, size);
      stream.bytes.erase(0, size);
      auto on_bytes = std::move(stream.handler.on_bytes);
      on_bytes(piece);
      const auto still = streams.find(number);
      if (still != streams.end()) still->second.handler.on_bytes = std::move(on_bytes);
      return true;
    }
    if (!stream.query.follow || !life.running) {
      EndStream(number, {.how = kube::ApiEnd::How::kComplete, .status = 200});
      return true;
    }
    return false;
  }
  void CutAll() {
    while (!streams.empty()) {
      EndStream(streams.begin()->first, {.how = kube::ApiEnd::How::kCut, .status = 200});
    }
  }
  // As an idle connection ends: cleanly, though the container runs.
  void EndIdle() {
    if (streams.empty() || streams.begin()->second.refused) return;
    if (!streams.begin()->second.bytes.empty()) return;
    EndStream(streams.begin()->first, {.how = kube::ApiEnd::How::kComplete, .status = 200});
  }
  void Sleep(TimeNs time) {
    now += time;
    std::vector<uint64_t> due;
    for (const auto& [number, alarm] : alarms) {
      if (alarm.first <= now) due.push_back(number);
    }
    for (const uint64_t number : due) {
      const auto found = alarms.find(number);
      if (found == alarms.end()) continue;
      const auto task = std::move(found->second.second);
      alarms.erase(found);
      task();
    }
  }

  std::mt19937 random;
  TimeNs now = 1'000'000 * kFollowSecond;
  std::vector<KubeletLife> lives;
  uint64_t printed = 0;
  bool pod_gone = false;
  bool api_away = false;
  bool equal_stamps = true;
  std::map<uint64_t, Stream> streams;
  std::map<uint64_t, std::pair<TimeNs, std::function<void()>>> alarms;

 private:
  struct Cancel final : Pending {
    explicit Cancel(std::function<void()> cancel) : run(std::move(cancel)) {}
    ~Cancel() override { run(); }
    std::function<void()> run;
  };
  kube::ApiEnd Refusal() const {
    if (api_away) return {.how = kube::ApiEnd::How::kUnreachable, .message = "away"};
    return {.how = kube::ApiEnd::How::kRefused, .status = pod_gone ? 404 : 400, .message = "no"};
  }
  void EndStream(uint64_t number, const kube::ApiEnd& end) {
    auto on_end = std::move(streams[number].handler.on_end);
    streams.erase(number);
    on_end(end);
  }
  uint64_t numbers_ = 0;
};

// What came into the log, durable up to `durable`.
struct FollowLog final : LineSink {
  void Take(const EntryRun& run) override {
    EntryReader reader(run.encoded);
    Entry entry;
    while (reader.Next(entry)) {
      entries.emplace_back();
      EncodeEntry(entries.back(), entry);
    }
  }
  void Flush() override {}
  bool Full() const override { return full; }
  std::vector<std::string> entries;  // encoded
  bool full = false;
};

struct Followed {
  std::map<std::string, std::vector<std::string>> lines;  // by life
  std::set<std::string> gaps;                             // lives with one before or in them
  std::set<std::string> exits;
};

inline Followed ReadLog(const FollowLog& log) {
  Followed followed;
  std::string life;
  for (const std::string& encoded : log.entries) {
    EntryReader reader(encoded);
    Entry entry;
    EXPECT_TRUE(reader.Next(entry));
    if (entry.stream != kEventStream) {
      followed.lines[life].emplace_back(entry.text);
      continue;
    }
    const std::string fields(entry.fields);
    const size_t at = fields.find("run://");
    const std::string id =
        at == std::string::npos ? "" : fields.substr(at, fields.find('"', at) - at);
    if (fields.find("\"start/") != std::string::npos) life = id;
    if (fields.find("\"gap/") != std::string::npos) followed.gaps.insert(id);
    if (fields.find("\"exit/") != std::string::npos) followed.exits.insert(id);
  }
  return followed;
}

inline std::vector<std::string> Lines(const FollowLog& log) {
  std::vector<std::string> lines;
  for (const std::string& encoded : log.entries) {
    EntryReader reader(encoded);
    Entry entry;
    EXPECT_TRUE(reader.Next(entry));
    if (entry.stream != kEventStream) lines.emplace_back(entry.text);
  }
  return lines;
}

struct FollowHarness {
  explicit FollowHarness(unsigned seed) : world(seed) { MakeFollower(); }

  void MakeFollower() {
    FollowRecovery recovery;
    for (const std::string& encoded : log.entries) {
      EntryReader reader(encoded);
      Entry entry;
      EXPECT_TRUE(reader.Next(entry));
      recovery.Take(entry);
    }
    follower.emplace(world, target, FollowOptions{}, log, stats, recovery.Find("u1", "app"),
                     nullptr);
  }
  // A kill: what was not durable is gone.
  void Restart(size_t durable) {
    follower.reset();
    log.entries.resize(std::max(durable, rotated_at));
    log.full = false;
    MakeFollower();
    follower->OnState(shown);
  }
  // A file that was rotated before any of it was read can't be told from one that begins there.
  void Rotate() {
    const auto lines = ReadLog(log).lines;
    if (!lines.contains(world.Life().instance.id)) return;
    rotated_at = log.entries.size();
    world.Rotate();
  }
  void ShowState() {
    shown = world.State();
    follower->OnState(shown);
  }
  // Everything that is under way comes to its end.
  void Settle() {
    world.api_away = false;
    log.full = false;
    for (int n = 0; n < 400; ++n) {
      ShowState();
      while (world.Deliver(true)) {
      }
      world.Sleep(kFollowSecond / 2);
    }
  }

  FollowTarget target = {.namespace_name = "ns",
                         .pod = "web-1",
                         .pod_uid = "u1",
                         .container = "app",
                         .source = "web-1/app"};
  World world;
  FollowLog log;
  FollowStats stats;
  ContainerState shown;
  size_t rotated_at = 0;
  std::optional<ContainerFollower> follower;
};

inline std::vector<std::string> Printed(const World::KubeletLife& life) {
  std::vector<std::string> texts;
  texts.reserve(life.lines.size());
  for (const World::KubeletLine& line : life.lines) texts.push_back(line.text);
  return texts;
}

}  // namespace tailrace::testing
