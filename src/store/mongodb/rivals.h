// Rivals: other processes whose transactions hold the documents that this one wants to write. One
// that was killed in the middle would hold them for a minute.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "store/mongodb/link.h"

namespace tailrace::mongo {

/// One thread.
class Rivals {
 public:
  /// `self`: WriterId of this process.
  explicit Rivals(std::string self) : self_(std::move(self)) {}

  /// A commit had to give way. If that goes on for a second, the transactions of processes that
  /// have not committed anything meanwhile are ended. One that lives tries again, as this one does.
  void OnConflict(Link& link);
  void OnSuccess() { since_.reset(); }

 private:
  using Time = std::chrono::steady_clock::time_point;

  const std::string self_;
  std::optional<Time> since_;
  std::map<std::string, uint64_t> commits_;  ///< Of each rival, as of since_.
};

}  // namespace tailrace::mongo
