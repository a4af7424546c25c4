// What the model test knows: logs as their commits tell them, and what one viewer was sent of them.
#pragma once

#include <algorithm>
#include <istream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "feed/feed_harness.h"

namespace tailrace {

using Range = std::pair<Position, Position>;

/// One incarnation, as the commits tell it.
struct Truth {
  std::string incarnation;
  std::vector<std::string> texts;
  std::vector<Range> blocks;
  std::vector<Range> damaged;
  Position first = 0;
  bool ended = false;
  bool removed = false;

  bool Lossless() const { return !removed && first == 0 && damaged.empty(); }
  bool IsDamaged(Position n) const {
    return std::ranges::any_of(damaged,
                               [&](const Range& r) { return r.first <= n && n < r.second; });
  }
};

/// One viewer's life, also after it is gone.
struct Seat {
  LogKey key;
  StreamStart start;
  std::shared_ptr<Transcript> transcript;
  TestViewer* viewer = nullptr;  // null: dropped or gone
  bool may_abort = false;        // its transport broke, or Finish was called
  uint64_t number_at_join = 0;
  Position position_at_join = 0;
};

/// Follows one transcript line by line; whatever is not as the logs say is a failure of the test.
class TranscriptReader {
 public:
  TranscriptReader(const Seat& seat, const std::map<uint64_t, Truth>& logs)
      : seat_(seat), logs_(logs) {}

  void ReadAll();
  const Truth* log() const { return log_; }
  Position position() const { return position_; }
  bool closed() const { return closed_; }

 private:
  void ReadLine(const std::string& line);
  void Begin(const std::string& incarnation);
  void ReadEntry(const std::string& incarnation, std::istream& rest);
  void ReadGap(std::istream& rest);
  void ReadReset(std::istream& rest);

  const Seat& seat_;
  const std::map<uint64_t, Truth>& logs_;
  const Truth* log_ = nullptr;
  uint64_t number_ = 0;
  bool placed_ = false;  // position_ is known
  bool was_reset_ = false;
  bool closed_ = false;  // nothing may follow
  Position position_ = 0;
};

}  // namespace tailrace
