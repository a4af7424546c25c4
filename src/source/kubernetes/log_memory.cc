#include "source/kubernetes/log_memory.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/log_store.h"

namespace tailrace {
namespace {

// A memo takes this part of what is written at most.
constexpr uint64_t kMemoPart = 8;

}  // namespace

void LogMemory::Take(const EntryRun& run) {
  EntryReader reader(run.encoded);
  Entry entry;
  while (reader.Next(entry)) Take(entry);
  bytes_ += run.encoded.size();
}

void LogMemory::Take(const Entry& entry) {
  rollout_.Recall(entry);
  recovery_.Take(entry);
}

std::optional<std::string> LogMemory::DueMemo() {
  if (bytes_ < due_) return std::nullopt;
  std::string memo;
  AppendSized(memo, rollout_.Recalled());
  AppendSized(memo, recovery_.Save());
  bytes_ = 0;
  due_ = std::max(kBytesBetweenMemos, kMemoPart * memo.size());
  if (memo.size() > kMaxMemoBytes) return std::nullopt;
  return memo;
}

bool LogMemory::Restore(std::string_view memo) {
  Rollout rollout = rollout_;
  FollowRecovery recovery;
  std::string_view recalled;
  std::string_view followed;
  if (!TakeSized(memo, recalled) || !TakeSized(memo, followed) || !memo.empty()) return false;
  if (!rollout.Restore(recalled) || !recovery.Restore(followed)) return false;
  rollout_ = std::move(rollout);
  recovery_ = std::move(recovery);
  return true;
}

}  // namespace tailrace
