// Throttle: how often something may be tried, for each of many names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace tailrace {

/// A leaking bucket for each name: `burst` tries at once, and then one each `interval_ns`. One
/// thread, or guarded by its owner.
class Throttle {
 public:
  struct Limits {
    int64_t burst = 10;
    TimeNs interval_ns = 30'000'000'000;
    size_t names = 10'000;  ///< Beyond it the one that was tried longest ago is forgotten.
  };
  explicit Throttle(const Limits& limits) : limits_(limits) {}

  /// Counts a try of `name`. Too many: how many seconds to wait, and it is not counted.
  std::optional<uint32_t> Take(std::string_view name, TimeNs now);
  /// It was none after all.
  void GiveBack(std::string_view name);
  size_t Size() const { return buckets_.size(); }

 private:
  struct Bucket {
    TimeNs debt_ns = 0;  // an interval for each try, as of `at`
    TimeNs at = 0;
  };

  static TimeNs DebtAt(const Bucket& bucket, TimeNs now);
  void MakeRoom(TimeNs now);

  const Limits limits_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace tailrace
