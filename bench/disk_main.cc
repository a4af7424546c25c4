// bench_disk append|sqlite FILE LINES SECONDS: what stored entries are measured against. Batches of
// LINES texts of 200 bytes, each durable before the next one. Prints one JSON object.
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/mark.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

constexpr double kNs = 1e9;
constexpr int64_t kLogs = 1000;
constexpr size_t kTextBytes = 200;

struct Options {
  const char* file;
  uint64_t lines;
  double seconds;
};

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

// A file with fdatasync after each batch.
void RunAppend(const Options& options) {
  const int fd = open(options.file, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) Die("cannot write the file");
  const std::string batch(options.lines * (kTextBytes + 1), 'x');
  Repeat(options, [&] {
    if (write(fd, batch.data(), batch.size()) != static_cast<ssize_t>(batch.size())) Die("write");
    if (fdatasync(fd) != 0) Die("fdatasync");
  });
  close(fd);
}

// The lines go into 1,000 logs, one transaction for each batch.
void RunSqlite(const Options& options) {
  sqlite3* database = nullptr;
  Check(database, sqlite3_open(options.file, &database));
  Execute(database, "PRAGMA journal_mode=WAL");
  Execute(database, "PRAGMA synchronous=FULL");
  Execute(database,
          "CREATE TABLE IF NOT EXISTS entries(log INTEGER, position INTEGER, time INTEGER, "
          "text TEXT, PRIMARY KEY(log, position)) WITHOUT ROWID");
  sqlite3_stmt* insert = nullptr;
  Check(database,
        sqlite3_prepare_v2(database, "INSERT INTO entries VALUES(?,?,?,?)", -1, &insert, nullptr));
  std::string text;
  AppendMarkedText(text, 0, 0, kTextBytes);
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

}  // namespace
}  // namespace tailrace::bench

int main(int argc, char** argv) {
  using namespace tailrace::bench;
  const std::string_view what = argc == 5 ? argv[1] : "";
  errno = 0;
  if (what != "append" && what != "sqlite") Die("bench_disk append|sqlite FILE LINES SECONDS");
  const Options options{argv[2], std::strtoull(argv[3], nullptr, 10),
                        std::strtod(argv[4], nullptr)};
  what == "append" ? RunAppend(options) : RunSqlite(options);
  return 0;
}
