// CommitRecord: what every commit says about itself and the commits shortly before it, so that a
// commit that is damaged later is still known to have been, with the positions that it gave away.
// It is part of each write batch, and a copy of the last one is in the file COMMITTED.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "log/log_info.h"
#include "store/commit_plan.h"

namespace tailrace::rocks {

/// What is needed to make a log again whose creation was lost.
struct LogBirth {
  LogKey key;
  std::string incarnation;
  TimeNs created = 0;
};

/// What commits made of one log.
struct LogTrace {
  uint64_t number = 0;  ///< The log's.
  uint64_t commit = 0;  ///< The newest one that changed the log.
  bool removed = false;
  Position position = 0;  ///< The log's after that commit, as all below.
  uint64_t text_end = 0;
  uint64_t encoded_end = 0;
  TimeNs updated = 0;
  std::optional<Outcome> outcome;
  std::optional<LogBirth> birth;  ///< Set if one of the commits that are told of created it.
};

struct CommitRecord {
  uint64_t number = 0;          ///< 1, 2, 3, …: of the commit.
  uint64_t next_log = 1;        ///< LogInfo::number of the next log to be created.
  uint64_t logs = 0;            ///< How many there are.
  uint64_t entries = 0;         ///< Ever committed, this commit included.
  uint64_t told_from = 1;       ///< `traces` are of all commits from this one to `number`.
  uint64_t entries_untold = 0;  ///< `entries` of the commit before `told_from`.
  std::vector<LogTrace> traces;
};

std::string EncodeCommitRecord(const CommitRecord& record);
[[nodiscard]] bool DecodeCommitRecord(std::string_view in, CommitRecord& record);

/// Makes the records of a running store. One thread.
class CommitTrail {
 public:
  /// Continues behind `last`.
  explicit CommitTrail(const CommitRecord& last);
  /// The record of the next commit, until the next call. Counts it as done.
  const CommitRecord& Next(const CommitPlan& plan);

 private:
  struct Told {
    uint64_t number;
    uint64_t bytes;    ///< About what it takes in the write-ahead log.
    uint64_t entries;  ///< Ever, before it.
  };
  void Trace(const LogDraft& draft, uint64_t commit);
  void Forget();

  CommitRecord record_;
  std::deque<Told> told_;
  std::unordered_map<uint64_t, size_t> traces_;  ///< By log number: which of record_.traces.
};

}  // namespace tailrace::rocks
