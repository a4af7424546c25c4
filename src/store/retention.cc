#include "store/retention.h"

#include <algorithm>
#include <deque>
#include <queue>

namespace tailrace {
namespace {

constexpr TimeNs kSecondNs = 1'000'000'000;

/// A log under the knife: what is decided about it so far.
struct Candidate {
  LogState log;
  RetireRequest retire;
  bool touched = false;
  std::deque<BlockFacts> ahead;  ///< The next blocks behind the cut, for max_total_bytes.

  uint64_t StoredBytes() const { return retire.whole ? 0 : log.encoded_end - retire.encoded_first; }
  void CutBehind(const BlockFacts& block) {
    retire.first = block.end;
    retire.text_first = block.text_end;
    retire.encoded_first = block.encoded_end;
    touched = true;
  }
};

const RetentionPolicy& PolicyFor(const RetentionOptions& options, const std::string& type) {
  const auto own = options.by_type.find(type);
  return own != options.by_type.end() ? own->second : options.policy;
}

bool IsOld(TimeNs time, const RetentionPolicy& policy, TimeNs now) {
  if (!policy.max_age_s || time > now) return false;
  return static_cast<uint64_t>((now - time) / kSecondNs) > *policy.max_age_s;
}

Candidate NewCandidate(const LogState& log) {
  Candidate candidate{.log = log};
  candidate.retire.key = log.info.key;
  candidate.retire.number = log.info.number;
  candidate.retire.first = log.info.first;
  candidate.retire.text_first = log.TextFirst();
  candidate.retire.encoded_first = log.encoded_first;
  return candidate;
}

void ApplyPolicy(Candidate& candidate, RetentionSource& source, const RetentionPolicy& policy,
                 TimeNs now) {
  const LogState& log = candidate.log;
  if (log.info.HasEnded() && IsOld(log.info.updated, policy, now)) {
    candidate.retire.whole = true;
    candidate.touched = true;
    return;
  }
  // Blocks that cannot be read are left to a later look.
  const auto read = source.ForEachBlock(log, [&](const BlockFacts& block) {
    if (block.end > log.CutLimit()) return false;
    const bool too_much = policy.max_log_bytes && candidate.StoredBytes() > *policy.max_log_bytes;
    if (!too_much && !IsOld(block.time, policy, now)) return false;
    candidate.CutBehind(block);
    return true;
  });
  static_cast<void>(read.has_value());
}

/// Looks ahead in small steps, so that memory does not grow with the number of blocks.
bool FillAhead(Candidate& candidate, RetentionSource& source) {
  constexpr size_t kBlocksAhead = 16;
  if (!candidate.ahead.empty()) return true;
  LogState from = candidate.log;
  from.info.first = candidate.retire.first;
  const auto read = source.ForEachBlock(from, [&](const BlockFacts& block) {
    if (block.end > from.CutLimit()) return false;
    candidate.ahead.push_back(block);
    return candidate.ahead.size() < kBlocksAhead;
  });
  return read && !candidate.ahead.empty();
}

void CutTotal(std::vector<Candidate>& candidates, RetentionSource& source, uint64_t limit) {
  uint64_t total = 0;
  for (const Candidate& candidate : candidates) total += candidate.StoredBytes();
  if (total <= limit) return;
  const auto later = [](const Candidate* a, const Candidate* b) {
    return a->ahead.front().time > b->ahead.front().time;
  };
  std::priority_queue<Candidate*, std::vector<Candidate*>, decltype(later)> oldest(later);
  for (Candidate& candidate : candidates) {
    if (!candidate.retire.whole && FillAhead(candidate, source)) oldest.push(&candidate);
  }
  while (total > limit && !oldest.empty()) {
    Candidate& candidate = *oldest.top();
    oldest.pop();
    const uint64_t before = candidate.StoredBytes();
    candidate.CutBehind(candidate.ahead.front());
    candidate.ahead.pop_front();
    total -= before - candidate.StoredBytes();
    if (FillAhead(candidate, source)) oldest.push(&candidate);
  }
}

}  // namespace

bool HasRetention(const RetentionOptions& options) {
  const auto set = [](const RetentionPolicy& p) { return p.max_age_s || p.max_log_bytes; };
  return options.max_total_bytes || set(options.policy) ||
         std::ranges::any_of(options.by_type, [&](const auto& entry) { return set(entry.second); });
}

Result<std::vector<RetireRequest>> FindRetired(RetentionSource& source,
                                               const RetentionOptions& options, TimeNs now) {
  std::vector<Candidate> candidates;
  const auto read = source.ForEachLog([&](const LogState& log) {
    Candidate candidate = NewCandidate(log);
    ApplyPolicy(candidate, source, PolicyFor(options, log.info.key.type), now);
    // A log without entries has nothing that a total could take.
    if (candidate.touched || (options.max_total_bytes && log.StoredBytes() > 0)) {
      candidates.push_back(std::move(candidate));
    }
  });
  if (!read) return Fail(read.error());
  if (options.max_total_bytes) CutTotal(candidates, source, *options.max_total_bytes);
  std::vector<RetireRequest> retired;
  for (Candidate& candidate : candidates) {
    if (candidate.touched) retired.push_back(std::move(candidate.retire));
  }
  return retired;
}

}  // namespace tailrace
