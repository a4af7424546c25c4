#include "source/kubernetes/resume_point.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tailrace {
namespace {

using Verdict = ResumeFilter::Verdict;
constexpr TimeNs kSecond = 1'000'000'000;

ResumePoint After(const std::vector<TimeNs>& stamps) {
  ResumePoint point{.container_id = "c"};
  for (const TimeNs stamp : stamps) point.Saw(stamp, 10);
  return point;
}

// What a kubelet sends of a file with these stamps.
std::vector<TimeNs> Since(const std::vector<TimeNs>& stamps, std::optional<int64_t> since_s) {
  std::vector<TimeNs> sent;
  for (const TimeNs stamp : stamps) {
    if (!since_s || stamp >= *since_s * kSecond) sent.push_back(stamp);
  }
  return sent;
}

struct Resumed {
  std::vector<TimeNs> added;
  bool elsewhere = false;
};

Resumed Resume(const ResumePoint& point, const std::vector<TimeNs>& file) {
  Resumed resumed;
  ResumeFilter filter(point, false);
  for (const TimeNs stamp : Since(file, point.Since())) {
    const Verdict verdict = filter.Next(stamp);
    if (verdict == Verdict::kElsewhere) resumed.elsewhere = true;
    if (verdict != Verdict::kSeen) resumed.added.push_back(stamp);
  }
  return resumed;
}

TEST(ResumePoint, AFreshOneTakesAll) {
  const Resumed resumed = Resume(ResumePoint{}, {5, 5, 7});
  EXPECT_EQ(resumed.added, (std::vector<TimeNs>{5, 5, 7}));
  EXPECT_FALSE(resumed.elsewhere);
}

TEST(ResumePoint, AsksForWholeSeconds) {
  const ResumePoint point = After({kSecond, 3 * kSecond + 5, 4 * kSecond + 6, 4 * kSecond + 7});
  EXPECT_EQ(point.Since(), 3);
  EXPECT_EQ(point.lines, 4u);
}

TEST(ResumePoint, LinesOfTheSameStampAreCounted) {
  const std::vector<TimeNs> file(9, 3 * kSecond);
  for (size_t seen = 1; seen <= file.size(); ++seen) {
    const ResumePoint point = After({file.begin(), file.begin() + seen});
    EXPECT_EQ(Resume(point, file).added.size(), file.size() - seen);
  }
}

TEST(ResumePoint, ARotatedFileIsSaid) {
  const ResumePoint point = After({kSecond, 2 * kSecond, 3 * kSecond});
  const Resumed resumed = Resume(point, {4 * kSecond, 5 * kSecond});
  EXPECT_TRUE(resumed.elsewhere);
  EXPECT_EQ(resumed.added.size(), 2u);
  // With the last line that was seen, nothing is missing.
  const Resumed covered = Resume(point, {3 * kSecond, 4 * kSecond});
  EXPECT_FALSE(covered.elsewhere);
  EXPECT_EQ(covered.added, std::vector<TimeNs>{4 * kSecond});
}

TEST(ResumePoint, AnEarlierLifeIsTold) {
  ResumeFilter filter(After({5 * kSecond, 6 * kSecond}), true);
  EXPECT_EQ(filter.Next(4 * kSecond), Verdict::kEarlierLife);
}

TEST(ResumePoint, PartsOfALongLineAreNoPlaceToResumeAt) {
  ResumePoint point{.container_id = "c"};
  point.Saw(kSecond, 10);
  point.Saw(2 * kSecond, 40'000);
  point.Saw(3 * kSecond, 10);  // A part of the one before may be of this second.
  EXPECT_EQ(point.newer.since_s, 2);
  point.Saw(4 * kSecond, 10);
  EXPECT_EQ(point.newer.since_s, 4);
}

// A file of any stamps, cut anywhere, resumed: each line once. A clock may go back by up to a
// second (more is covered only as far as the read overlaps); and where the file was rotated, what
// is missing is said.
TEST(ResumePoint, AnyFileCutAnywhere) {
  for (unsigned seed = 1; seed <= 3'000; ++seed) {
    std::mt19937 random(seed);
    const bool steps_back = seed % 3 == 0;
    const unsigned step_at = random() % 40;
    std::vector<TimeNs> file;
    TimeNs now = 1'000 * kSecond;
    for (unsigned n = 1 + random() % 40; n > 0; --n) {
      now += static_cast<TimeNs>(random() % 4 * (random() % 2 == 0 ? 1 : kSecond / 3));
      if (steps_back && n == step_at) now -= static_cast<TimeNs>(random() % kSecond);
      file.push_back(now);
    }
    const size_t seen = random() % (file.size() + 1);
    const ResumePoint point = After({file.begin(), file.begin() + seen});
    const Resumed resumed = Resume(point, file);
    EXPECT_EQ(resumed.added, std::vector<TimeNs>(file.begin() + seen, file.end()))
        << "seed " << seed;
    EXPECT_FALSE(resumed.elsewhere) << "seed " << seed;
    if (steps_back || seen == 0 || seen == file.size()) continue;
    const size_t rotated = random() % file.size();
    const Resumed rest = Resume(point, {file.begin() + rotated, file.end()});
    const size_t first = std::max(rotated, seen);
    // Equal stamps across the rotation can't be told apart.
    if (rotated > 0 && file[rotated] == file[rotated - 1]) continue;
    EXPECT_EQ(rest.added, std::vector<TimeNs>(file.begin() + first, file.end())) << "seed " << seed;
    EXPECT_EQ(rest.elsewhere, rotated >= seen) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tailrace
