// Entries that are stored: by Tailrace, by a bare file, by SQLite.
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>

#include "bench/mark.h"
#include "bench/modes.h"
#include "bench/producer.h"
#include "bench/viewer_set.h"

namespace tailrace::bench {
namespace {

constexpr double kNs = 1e9;
constexpr int64_t kLogs = 1000;

void Check(sqlite3* database, int code) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  errno = 0;
  Die(std::string("SQLite: ") + sqlite3_errmsg(database));
}

void Execute(sqlite3* database, const char* statement) {
  Check(database, sqlite3_exec(database, statement, nullptr, nullptr, nullptr));
}

// Calls commit() until the time is over and prints its rate.
template <typename Commit>
void Repeat(const Options& options, Commit commit) {
  const uint64_t start_ns = NowNs();
  const auto end_ns = start_ns + static_cast<uint64_t>(options.seconds * kNs);
  uint64_t commits = 0;
  for (; NowNs() < end_ns; ++commits) commit();
  const double seconds = static_cast<double>(NowNs() - start_ns) / kNs;
  const auto count = static_cast<double>(commits);
  std::printf("{\"per_second\":%.1f,\"commits_per_second\":%.1f}\n",
              count * static_cast<double>(options.lines) / seconds, count / seconds);
}

}  // namespace

void RunIngest(const Options& options) {
  ViewerSet waiter(options.port);  // for its loop only
  std::vector<std::unique_ptr<Producer>> producers;
  for (size_t i = 0; i < options.producers; ++i) {
    producers.push_back(std::make_unique<Producer>(options, i, 0));
    waiter.Watch(producers.back()->fd(), i);
  }
  uint64_t stored = 0;
  const auto advance = [&] {
    waiter.Poll(1000);
    for (const size_t i : waiter.Ready()) {
      if (producers[i]->Advance()) stored += options.lines;
    }
  };
  // The first body of each creates its log and is not counted.
  for (const auto& producer : producers) producer->Send(options.lines);
  while (stored < options.lines * options.producers) advance();
  stored = 0;
  const uint64_t cpu_ns = CpuNs(options.pid);
  const uint64_t start_ns = NowNs();
  const auto end_ns = start_ns + static_cast<uint64_t>(options.seconds * kNs);
  for (const auto& producer : producers) producer->Send(options.lines);
  while (NowNs() < end_ns) {
    waiter.Poll(1000);
    for (const size_t i : waiter.Ready()) {
      if (!producers[i]->Advance()) continue;
      stored += options.lines;
      producers[i]->Send(options.lines);
    }
  }
  const double seconds = static_cast<double>(NowNs() - start_ns) / kNs;
  const double cpu = static_cast<double>(CpuNs(options.pid) - cpu_ns) / kNs;
  const auto count = static_cast<double>(stored);
  for (size_t busy = options.producers; busy > 0;) {
    advance();
    busy = 0;
    for (const auto& producer : producers) busy += producer->Busy() ? 1 : 0;
  }
  errno = 0;
  for (const auto& producer : producers) {
    if (options.body == Body::kLines && producer->AnsweredPosition() != producer->sent())
      Die("a log has another length");
  }
  std::printf("{\"per_second\":%.1f,\"per_cpu_second\":%.1f}\n", count / seconds, count / cpu);
}

void RunFill(const Options& options) {
  ViewerSet waiter(options.port);
  Producer producer(options, 0, 0);
  waiter.Watch(producer.fd(), 0);
  while (producer.sent() < options.expect) {
    producer.Send(std::min(options.lines, options.expect - producer.sent()));
    while (producer.Busy()) {
      waiter.Poll(1000);
      producer.Advance();
    }
  }
  std::printf("{\"position\":%llu}\n",
              static_cast<unsigned long long>(producer.AnsweredPosition()));
}

void RunAppend(const Options& options) {
  const int fd = open(options.file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) Die("cannot write " + options.file);
  const std::string batch(options.lines * (options.text_bytes + 1), 'x');
  Repeat(options, [&] {
    if (write(fd, batch.data(), batch.size()) != static_cast<ssize_t>(batch.size())) Die("write");
    if (fdatasync(fd) != 0) Die("fdatasync");
  });
  close(fd);
}

void RunSqlite(const Options& options) {
  sqlite3* database = nullptr;
  Check(database, sqlite3_open(options.file.c_str(), &database));
  Execute(database, "PRAGMA journal_mode=WAL");
  Execute(database, "PRAGMA synchronous=FULL");
  Execute(database,
          "CREATE TABLE IF NOT EXISTS entries(log INTEGER, position INTEGER, time INTEGER, "
          "text TEXT, PRIMARY KEY(log, position)) WITHOUT ROWID");
  sqlite3_stmt* insert = nullptr;
  Check(database,
        sqlite3_prepare_v2(database, "INSERT INTO entries VALUES(?,?,?,?)", -1, &insert, nullptr));
  std::string text;
  AppendMarkedText(text, 0, 0, options.text_bytes);
  int64_t line = 0;
  Repeat(options, [&] {
    Execute(database, "BEGIN IMMEDIATE");
    for (uint64_t i = 0; i < options.lines; ++i, ++line) {
      sqlite3_bind_int64(insert, 1, line % kLogs);
      sqlite3_bind_int64(insert, 2, line / kLogs);
      sqlite3_bind_int64(insert, 3, static_cast<int64_t>(NowNs()));
      sqlite3_bind_text(insert, 4, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
      Check(database, sqlite3_step(insert));
      Check(database, sqlite3_reset(insert));
    }
    Execute(database, "COMMIT");
  });
  sqlite3_finalize(insert);
  sqlite3_close(database);
}

}  // namespace tailrace::bench
