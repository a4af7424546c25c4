#include "source/kubernetes/resume_point.h"

#include <algorithm>

#include "source/kubernetes/log_stream_parser.h"

namespace tailrace {
namespace {

constexpr TimeNs kSecondNs = 1'000'000'000;

int64_t Second(TimeNs stamp) {
  const int64_t second = stamp / kSecondNs;
  return stamp % kSecondNs < 0 ? second - 1 : second;
}

void Count(ResumePoint::Anchor& anchor, TimeNs stamp) {
  if (!anchor.since_s || Second(stamp) >= *anchor.since_s) ++anchor.lines;
}

}  // namespace

void ResumePoint::Saw(TimeNs stamp, size_t bytes) {
  if (lines == 0) {
    first = latest = stamp;
    older = newer = Anchor{.since_s = std::nullopt, .first = stamp, .lines = 0};
  }
  if (after_gap) {
    older = newer = Anchor{.since_s = Second(stamp), .first = stamp, .lines = 0};
    after_gap = false;
  } else if (Second(stamp) > Second(latest) && !long_line) {
    // Nothing before it has a stamp of its second. (A part of a long line might.)
    older = newer;
    newer = Anchor{.since_s = Second(stamp), .first = stamp, .lines = 0};
  }
  Count(older, stamp);
  Count(newer, stamp);
  equal = lines > 0 && stamp == last ? equal + 1 : 1;
  ++lines;
  last = stamp;
  latest = std::max(latest, stamp);
  pieces = 0;
  long_line = bytes >= LogStreamParser::kPartBytes;
}

void ResumePoint::SawGap() {
  after_gap = true;
  pieces = 0;
}

ResumeFilter::ResumeFilter(const ResumePoint& point, bool whole)
    : life_first_(point.first),
      last_(point.last),
      latest_(point.latest),
      all_equal_(point.equal),
      anchor_(whole ? ResumePoint::Anchor{.since_s = std::nullopt,
                                          .first = point.first,
                                          .lines = point.lines}
                    : point.older),
      whole_(whole),
      mode_(point.lines == 0 ? Mode::kAllNew : Mode::kFirst) {}

ResumeFilter::Verdict ResumeFilter::Next(TimeNs stamp) {
  switch (mode_) {
    case Mode::kFirst:
      return First(stamp);
    case Mode::kCount:
      if (to_skip_ == 0) break;
      --to_skip_;
      return Verdict::kSeen;
    case Mode::kStamps:
      return ByStamp(stamp);
    case Mode::kAllNew:
      break;
  }
  mode_ = Mode::kAllNew;
  return Verdict::kNew;
}

ResumeFilter::Verdict ResumeFilter::First(TimeNs stamp) {
  if (stamp == anchor_.first) {
    mode_ = Mode::kCount;
    to_skip_ = anchor_.lines - 1;
    return Verdict::kSeen;
  }
  if (whole_ && stamp < life_first_) {
    mode_ = Mode::kAllNew;
    return Verdict::kEarlierLife;
  }
  if (stamp <= latest_) {
    mode_ = Mode::kStamps;
    return ByStamp(stamp);
  }
  mode_ = Mode::kAllNew;
  return Verdict::kElsewhere;
}

// The read begins before the point, so the last line that was seen is in it, unless the clock went
// back while nobody followed.
ResumeFilter::Verdict ResumeFilter::ByStamp(TimeNs stamp) {
  if (equal_ < all_equal_) {
    if (stamp == last_) ++equal_;
    if (stamp <= latest_) return Verdict::kSeen;
  }
  mode_ = Mode::kAllNew;
  return equal_ == 0 ? Verdict::kElsewhere : Verdict::kNew;
}

}  // namespace tailrace
