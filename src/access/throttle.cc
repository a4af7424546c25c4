#include "access/throttle.h"

#include <algorithm>

namespace tailrace {
namespace {

constexpr TimeNs kNsPerS = 1'000'000'000;

}  // namespace

TimeNs Throttle::DebtAt(const Bucket& bucket, TimeNs now) {
  const TimeNs passed = std::max<TimeNs>(0, now - bucket.at);  // clocks may go back
  return std::max<TimeNs>(0, bucket.debt_ns - passed);
}

std::optional<uint32_t> Throttle::Take(std::string_view name, TimeNs now) {
  auto found = buckets_.find(std::string(name));
  if (found == buckets_.end()) {
    if (buckets_.size() >= limits_.names) MakeRoom(now);
    found = buckets_.emplace(name, Bucket{0, now}).first;
  }
  Bucket& bucket = found->second;
  const TimeNs debt_ns = DebtAt(bucket, now) + limits_.interval_ns;
  const TimeNs too_much_ns = debt_ns - limits_.burst * limits_.interval_ns;
  if (too_much_ns > 0) return static_cast<uint32_t>((too_much_ns + kNsPerS - 1) / kNsPerS);
  bucket = {debt_ns, now};
  return std::nullopt;
}

void Throttle::GiveBack(std::string_view name) {
  const auto found = buckets_.find(std::string(name));
  if (found == buckets_.end()) return;
  found->second.debt_ns = std::max<TimeNs>(0, found->second.debt_ns - limits_.interval_ns);
}

void Throttle::MakeRoom(TimeNs now) {
  std::erase_if(buckets_, [&](const auto& item) { return DebtAt(item.second, now) == 0; });
  if (buckets_.size() < limits_.names) return;
  buckets_.erase(
      std::ranges::min_element(buckets_, {}, [](const auto& item) { return item.second.at; }));
}

}  // namespace tailrace
