// store_bench DIR [MEGABYTES]: durable ingest and replay of the embedded store, each against bare
// appends + fdatasync, or a bare read, of the same bytes in the same run. DIR must not exist.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/testing.h"

namespace tailrace::testing {
namespace {

double Seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

/// Looks like a build's output: compresses about as well.
EntryRun SomeRun(uint64_t lines, SeededRandom& random) {
  EntryRun run;
  for (uint64_t i = 0; i < lines; ++i) {
    const std::string text = "[" + std::to_string(random.Between(0, 5000)) +
                             "/5000] Building CXX object src/" + random.Name(8) +
                             "/CMakeFiles/tailrace.dir/" + random.Name(12) + ".cc.o in " +
                             std::to_string(random.Between(0, 99999)) + " us";
    run.Add(Entry{.time = kTestTime + static_cast<TimeNs>(i), .text = text, .stream = "stdout"});
  }
  return run;
}

/// Bytes per second of writing `chunk` and fdatasync, `times` over.
double BareAppend(const std::string& path, const std::string& chunk, uint64_t times) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  CHECK(fd >= 0);
  const double start = Seconds();
  for (uint64_t i = 0; i < times; ++i) {
    CHECK(write(fd, chunk.data(), chunk.size()) == static_cast<ssize_t>(chunk.size()));
    CHECK(fdatasync(fd) == 0);
  }
  const double spent = Seconds() - start;
  close(fd);
  unlink(path.c_str());
  return static_cast<double>(times * chunk.size()) / spent;
}

void Print(const char* what, double ours, double bare, const StoreStats& stats) {
  std::printf("%-34s %8.1f MB/s   bare %8.1f MB/s   ratio %.2f   (%llu commits)\n", what,
              ours / 1e6, bare / 1e6, ours / bare, static_cast<unsigned long long>(stats.commits));
}

/// `in_flight` runs wait at any time, so the commit thread always finds some.
double Ingest(LogStore& store, const std::vector<EntryRun>& runs, uint64_t logs, uint64_t count,
              size_t in_flight) {
  std::deque<std::future<Result<AppendAnswer>>> answers;
  uint64_t bytes = 0;
  const double start = Seconds();
  for (uint64_t i = 0; i < count; ++i) {
    AppendRequest request;
    request.key = {"bench", "log-" + std::to_string(i % logs)};
    request.run = runs[i % runs.size()];
    bytes += request.run.encoded.size();
    answers.push_back(AppendLater(store, std::move(request)));
    if (answers.size() < in_flight) continue;
    CHECK(answers.front().get().has_value());
    answers.pop_front();
  }
  for (auto& answer : answers) CHECK(answer.get().has_value());
  return static_cast<double>(bytes) / (Seconds() - start);
}

void Replay(LogStore& store, const std::string& bare_path) {
  const LogKey key{"bench", "log-0"};
  const auto info = store.Stat(key);
  CHECK(info.has_value());
  uint64_t bytes = 0;
  const double start = Seconds();
  for (Position next = 0; next < info->position;) {
    const auto answer = store.Read(key, next, 1 << 20);
    CHECK(answer.has_value());
    for (const ReadItem& item : answer->items) bytes += item.chunk->encoded.size();
    next = answer->items.back().end;
  }
  const double ours = static_cast<double>(bytes) / (Seconds() - start);
  std::string buffer(1 << 20, 'x');
  {
    const int fd = open(bare_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    for (uint64_t i = 0; i < bytes; i += buffer.size())
      CHECK(write(fd, buffer.data(), buffer.size()) > 0);
    close(fd);
  }
  const int fd = open(bare_path.c_str(), O_RDONLY);
  const double bare_start = Seconds();
  while (read(fd, buffer.data(), buffer.size()) > 0) continue;
  const double bare = static_cast<double>(bytes) / (Seconds() - bare_start);
  close(fd);
  unlink(bare_path.c_str());
  Print("replay, one log (page cache)", ours, bare, store.Stats());
}

int Run(const std::string& directory, uint64_t megabytes) {
  SeededRandom random(1);
  std::vector<EntryRun> batches;
  for (int i = 0; i < 16; ++i) batches.push_back(SomeRun(2000, random));
  std::vector<EntryRun> lines;
  for (int i = 0; i < 1000; ++i) lines.push_back(SomeRun(1, random));
  const uint64_t runs = (megabytes << 20) / batches[0].encoded.size();
  const StoreOptions options;
  const std::string bare_path = directory + ".bare";
  {
    auto store = OpenRocksDbStore(directory, options);
    CHECK(store.has_value());
    const double ours = Ingest(**store, batches, 1, runs, 8);
    const StoreStats stats = (*store)->Stats();
    const uint64_t per_commit = stats.entry_bytes / stats.commits;
    const double bare =
        BareAppend(bare_path, std::string(per_commit, 'x'), stats.entry_bytes / per_commit);
    Print("ingest, one log, runs of 2000", ours, bare, stats);
    Replay(**store, bare_path);
  }
  std::filesystem::remove_all(directory);
  auto store = OpenRocksDbStore(directory, options);
  CHECK(store.has_value());
  const double ours = Ingest(**store, lines, 1000, 200'000, 1000);
  const StoreStats stats = (*store)->Stats();
  const uint64_t per_commit = stats.entry_bytes / stats.commits;
  const double bare =
      BareAppend(bare_path, std::string(per_commit, 'x'), stats.entry_bytes / per_commit);
  Print("ingest, 1000 logs, a line each", ours, bare, stats);
  store->reset();
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace tailrace::testing

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: store_bench DIR [MEGABYTES]\n");
    return 2;
  }
  const uint64_t megabytes = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 512;
  return tailrace::testing::Run(argv[1], megabytes);
}
