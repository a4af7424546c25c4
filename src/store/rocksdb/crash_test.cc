// kill -9: a child appends and says what was acknowledged; it is killed at random moments, and all
// that it said must be there once and in order.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "base/random.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/temp_directory.h"
#include "store/testing.h"

namespace tailrace::testing {
namespace {

constexpr int kLogs = 3;

LogKey KeyOf(int log) {
  return {"crash", std::to_string(log)};
}

std::string TextOf(int log, uint64_t sequence) {
  std::string text = std::to_string(log) + ":" + std::to_string(sequence) + ":";
  text.resize(text.size() + sequence * 37 % 3000, 'x');
  return text;
}

/// Sent over the pipe: `count` entries of `log` are acknowledged.
struct Acknowledged {
  int log;
  uint64_t count;
};

StoreOptions SmallBlocks() {
  StoreOptions options;
  options.block_bytes = 8 << 10;
  options.unsettled_limit_bytes = 16 << 10;  // settled all the time
  return options;
}

AppendRequest RequestFor(int log, uint64_t from, uint64_t count) {
  AppendRequest request;
  request.key = KeyOf(log);
  request.producer = ProducerMark{"child", from};
  for (uint64_t i = from; i < from + count; ++i) {
    const std::string text = TextOf(log, i);
    request.run.Add(Entry{.text = text});
  }
  return request;
}

/// Small enough that write-ahead log files are prepared and used.
RocksDbHooks SmallWalFiles() {
  return {.wal_files = {.file_bytes = 256 << 10, .busy_bytes = 16 << 10}};
}

/// Never returns: goes on from what is stored, several appends of each log in flight, until killed.
[[noreturn]] void AppendForEver(const std::string& directory, int pipe) {
  auto store = OpenRocksDbStore(directory, SmallBlocks(), SmallWalFiles());
  if (!store) {
    std::fprintf(stderr, "child: %s\n", store.error().message.c_str());
    _exit(1);
  }
  uint64_t next[kLogs] = {};
  for (int log = 0; log < kLogs; ++log) {
    const auto info = (*store)->Stat(KeyOf(log));
    if (info) next[log] = info->position;
  }
  for (uint64_t round = 0;; ++round) {
    std::vector<std::future<Result<AppendAnswer>>> answers;
    for (int i = 0; i < 2 * kLogs; ++i) {
      const int log = i % kLogs;
      const uint64_t count = 1 + (round + static_cast<uint64_t>(i)) % 4;
      AppendRequest request = RequestFor(log, next[log], count);
      next[log] += count;
      auto [done, answer] = Promise<AppendAnswer>();
      request.done = [pipe, log, done = std::move(done)](Result<AppendAnswer> result) {
        if (!result) _exit(1);
        const Acknowledged said{log, result->position};
        if (write(pipe, &said, sizeof said) != sizeof said) _exit(1);
        done(std::move(result));
      };
      (*store)->Append(std::move(request));
      answers.push_back(std::move(answer));
    }
    for (auto& answer : answers) answer.wait();
  }
}

bool ReadAck(int pipe, uint64_t (&acknowledged)[kLogs]) {
  Acknowledged said;
  if (read(pipe, &said, sizeof said) != sizeof said) return false;
  acknowledged[said.log] = std::max(acknowledged[said.log], said.count);
  return true;
}

/// Reads so many; or, if none is wanted, waits for the first one for `moment_ms` at most.
void WaitForAcks(int pipe, uint64_t acks, int moment_ms, uint64_t (&acknowledged)[kLogs]) {
  pollfd readable{pipe, POLLIN, 0};
  if (acks == 0) poll(&readable, 1, moment_ms);
  for (uint64_t i = 0; i < acks; ++i) {
    if (!ReadAck(pipe, acknowledged)) return;
  }
}

void ExpectAllThere(const std::string& directory, const uint64_t (&acknowledged)[kLogs]) {
  auto store = OpenRocksDbStore(directory, SmallBlocks(), SmallWalFiles());
  ASSERT_TRUE(store.has_value()) << store.error().message;
  for (int log = 0; log < kLogs; ++log) {
    const auto read = ReadAll(**store, KeyOf(log));
    if (!read && acknowledged[log] == 0) continue;
    ASSERT_TRUE(read.has_value()) << read.error().message;
    ASSERT_GE(read->size(), acknowledged[log]);
    for (uint64_t i = 0; i < read->size(); ++i) ASSERT_EQ((*read)[i], TextOf(log, i));
  }
}

TEST(Crash, WhatWasAcknowledgedIsThereOnceAndInOrder) {
  const char* given = std::getenv("TAILRACE_SEED");
  const uint64_t seed = given != nullptr ? std::stoull(given) : SystemRandom().Next();
  std::printf("TAILRACE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  SeededRandom random(seed);
  const TempDirectory directory;
  uint64_t acknowledged[kLogs] = {};
  constexpr int kKills = 25;
  for (int kill_number = 0; kill_number < kKills; ++kill_number) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(kill_number));
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      AppendForEver(directory.path(), ends[1]);
    }
    close(ends[1]);
    // Some die while they open the store or have not said anything, most in the middle of it.
    const uint64_t acks = kill_number % 5 == 0 ? 0 : random.Between(1, 150);
    WaitForAcks(ends[0], acks, static_cast<int>(random.Between(0, 100)), acknowledged);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    while (ReadAck(ends[0], acknowledged)) continue;
    close(ends[0]);
    if (kill_number % 4 != 3) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectAllThere(directory.path(), acknowledged));
  }
  ASSERT_NO_FATAL_FAILURE(ExpectAllThere(directory.path(), acknowledged));
  EXPECT_GT(acknowledged[0] + acknowledged[1] + acknowledged[2], 0u);
}

}  // namespace
}  // namespace tailrace::testing
