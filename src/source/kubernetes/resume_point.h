// ResumePoint: how far one life of a container was read, so that another read of its log can go on
// behind that, no line twice and none left out; ResumeFilter does that.
//
// The API has no positions: what can be asked for is `sinceTime`, in whole seconds, and the kubelet
// then leaves out each entry with an earlier stamp. So a point remembers lines that were the first
// of their second, and how many lines a read from that second on has up to the point. That is exact
// whatever the stamps are afterwards: equal ones, a clock that goes back. If such a line is not the
// first of the new read, the file was rotated (only the newest file can be read), and stamps
// decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace tailrace {

struct ResumePoint {
  struct Anchor {
    /// Ask for this and later ones; nothing: for the whole file.
    std::optional<int64_t> since_s;
    TimeNs first = 0;    ///< Stamp of the first line of such a read.
    uint64_t lines = 0;  ///< Lines of such a read up to the point.
  };

  std::string container_id;  ///< Whose life; empty: nothing was read.
  bool complete = false;     ///< Nothing of it is missing.
  uint64_t lines = 0;        ///< Whole ones, of this life.
  TimeNs first = 0;          ///< Stamps of its first and its last line, and the latest one.
  TimeNs last = 0;
  TimeNs latest = 0;
  uint64_t equal = 0;  ///< Lines with the stamp `last`.
  /// Entries that the unfinished line behind the point was already turned into.
  uint64_t pieces = 0;
  bool long_line = false;  ///< The last line may have been in parts, whose stamps nobody knows.
  Anchor older;            ///< The one to resume from: from an earlier second than `newer`.
  Anchor newer;

  bool after_gap = false;  ///< The next line is where a later read from its second on begins.

  /// A whole line has been read. `bytes` of its text.
  void Saw(TimeNs stamp, size_t bytes);
  /// What comes next does not follow on what was seen.
  void SawGap();
  /// What to ask the API for.
  std::optional<int64_t> Since() const { return older.since_s; }
};

/// For one read. One thread.
class ResumeFilter {
 public:
  enum class Verdict : uint8_t {
    kSeen,  ///< Leave it out.
    kNew,
    /// The first line of the read is behind the point: lines between them were rotated away,
    /// or it is another life's log. All lines are new.
    kElsewhere,
    /// The same for the first line of a read of the whole file that is older than all of this life:
    /// it is an earlier life's.
    kEarlierLife,
  };

  /// `whole`: the read begins with the file and not at point.Since().
  ResumeFilter(const ResumePoint& point, bool whole);

  /// Called once for each line, when it begins.
  Verdict Next(TimeNs stamp);

 private:
  enum class Mode : uint8_t { kFirst, kCount, kStamps, kAllNew };
  Verdict First(TimeNs stamp);
  Verdict ByStamp(TimeNs stamp);

  const TimeNs life_first_;
  const TimeNs last_;
  const TimeNs latest_;
  const uint64_t all_equal_;  ///< Lines seen with the stamp `last_`.
  const ResumePoint::Anchor anchor_;
  const bool whole_;
  Mode mode_;
  uint64_t to_skip_ = 0;  ///< kCount.
  uint64_t equal_ = 0;    ///< kStamps: those with the stamp `last_` that came again.
};

}  // namespace tailrace
