// LogWriter: puts what is said of one rollout into its log, in order and each entry once, however
// slow the store is; LogWriters is what the writers of a source share.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "io/loop.h"
#include "log/log_info.h"
#include "source/kubernetes/line_sink.h"
#include "store/log_store.h"

namespace tailrace {

class LogWriter;

struct LogWritersStats {
  uint64_t waiting_bytes = 0;  ///< Encoded entries that the store has not answered for, now.
  uint64_t entries = 0;        ///< Stored.
  uint64_t refusals = 0;       ///< Appends that the store could not take and that were repeated.
};

/// The loop's thread, but for Stats.
class LogWriters {
 public:
  /// Both outlive it. Beyond `limit_bytes` the writers are Full until half of it is free.
  LogWriters(LogStore& store, Loop& loop, uint64_t limit_bytes);
  /// After all its writers. Waits for the store's answers to what is under way.
  ~LogWriters();
  LogWriters(const LogWriters&) = delete;
  LogWriters& operator=(const LogWriters&) = delete;

  bool Full() const { return full_; }
  /// Any thread.
  LogWritersStats Stats() const;

 private:
  friend class LogWriter;
  void Append(uint64_t writer, AppendRequest request);
  void Count(int64_t waiting_bytes, uint64_t entries, uint64_t refusals);

  LogStore& store_;
  Loop& loop_;
  const uint64_t limit_bytes_;
  std::map<uint64_t, LogWriter*> writers_;  ///< Answers find them by number.
  uint64_t next_number_ = 0;
  bool full_ = false;

  mutable std::mutex mutex_;
  std::condition_variable answered_;
  uint64_t under_way_ = 0;  ///< Guarded by mutex_, as the next.
  LogWritersStats stats_;
};

/// One append is under way at a time; what comes meanwhile goes out with the next one. What the
/// store can't take now is repeated for ever, with rests.
class LogWriter final : public LineSink {
 public:
  /// Entries carry this producer's count, so that none is stored twice.
  static constexpr std::string_view kProducer = "kubernetes";

  /// `on_refused`: the log has ended or takes no more for another reason that will not go away;
  /// what waits is dropped, and so is all that comes. Not called inside Take or Flush.
  LogWriter(LogWriters& shared, LogKey key, std::function<void(const Error&)> on_refused);
  /// What waits and is not under way is lost.
  ~LogWriter() override;
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void Take(const EntryRun& run) override { Take(run, std::nullopt); }
  /// `memo`: stands for all that was given, this run included (AppendRequest::memo).
  void Take(const EntryRun& run, std::optional<std::string> memo);
  void Flush() override;
  bool Full() const override { return shared_.Full(); }

  /// Once: ends the log behind all that was given. `done` when that is on disk, or never if it was
  /// refused. Nothing may be given afterwards.
  void End(Outcome outcome, std::function<void()> done);
  /// Everything that was given is on disk.
  bool Idle() const { return pieces_.empty() && !under_way_ && !end_; }
  const LogKey& key() const { return key_; }

 private:
  friend class LogWriters;
  struct Piece {
    EntryRun run;
    std::optional<std::string> memo;  ///< Of all up to its end.
  };
  void Send();
  void OnAnswer(const Result<AppendAnswer>& answer);
  void OnError(const Error& error);
  void Refuse(const Error& error);

  LogWriters& shared_;
  const uint64_t number_;
  const LogKey key_;
  const std::function<void(const Error&)> on_refused_;
  std::deque<Piece> pieces_;          ///< The first one is under way, if anything is.
  std::optional<uint64_t> sequence_;  ///< Entries that this producer has in the log; not known yet.
  bool under_way_ = false;
  bool end_under_way_ = false;  ///< The append under way ends the log.
  bool resting_ = false;
  bool refused_ = false;
  uint64_t failures_ = 0;  ///< In a row.
  std::optional<Outcome> end_;
  std::function<void()> on_ended_;
};

}  // namespace tailrace
