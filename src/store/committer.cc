#include "store/committer.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>

#include "base/thread_slice.h"

namespace tailrace {
namespace {

/// What a waiting request takes besides its entries, so that empty ones are bounded too.
constexpr uint64_t kRequestOverhead = 256;
/// Room for more of them is given back.
constexpr size_t kKeptRequests = 4096;

/// What a commit to a shared store takes in at most, but one request in any case: it may have to be
/// planned again, and the database bounds how large a transaction may be.
constexpr size_t kSharedRequests = 1000;
constexpr uint64_t kSharedBytes = 1 << 20;

/// Of the commit thread on the CPU: it works for a moment at a time, and on a machine with few
/// cores a worker may have no end of viewers to serve.
constexpr uint64_t kSliceUs = 100;

/// Retention's own requests cost nothing: they come few at a time and must not be refused when the
/// disk is slow.
uint64_t CostOf(const StoreRequest& request) {
  if (std::holds_alternative<RetireRequest>(request)) return 0;
  const auto* append = std::get_if<AppendRequest>(&request);
  return kRequestOverhead + (append != nullptr ? append->run.encoded.size() : 0);
}

Result<void> Check(const StoreRequest& request) {
  return std::visit(
      [](const auto& r) -> Result<void> {
        if constexpr (std::is_same_v<std::decay_t<decltype(r)>, RetireRequest>) {
          return {};
        } else {
          return CheckRequest(r);
        }
      },
      request);
}

void Refuse(StoreRequest& request, const Error& error) {
  std::visit(
      [&error](auto& r) {
        if (r.done) r.done(Fail(error));
      },
      request);
}

}  // namespace

Committer::Committer(CommitBackend& backend, const StoreOptions& options, Random& random,
                     uint64_t next_number, uint64_t logs)
    : backend_(backend), planner_(backend, options, random, next_number, logs), options_(options) {
  stats_.pending_limit_bytes = options.pending_limit_bytes;
  stats_.logs = logs;
  thread_ = std::thread([this] { Run(); });
}

Committer::~Committer() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    paused_ = false;
  }
  wake_.notify_one();
  thread_.join();
}

void Committer::SetListener(CommitListener listener) {
  std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

std::optional<Error> Committer::Refusal(uint64_t bytes) const {
  if (stats_.failed) {
    return Error{ErrorCode::kUnavailable, "the store takes no more writes: " + stats_.failure};
  }
  if (closing_) return Error{ErrorCode::kUnavailable, "the store is closing"};
  // One request is always let in, however large, or it could never succeed.
  const uint64_t pending = stats_.pending_bytes;
  if (bytes > 0 && pending > 0 && pending + bytes > options_.pending_limit_bytes) {
    return Error{ErrorCode::kOverloaded, "too much waits for the disk: " + std::to_string(pending) +
                                             " bytes; the limit is " +
                                             std::to_string(options_.pending_limit_bytes)};
  }
  return std::nullopt;
}

void Committer::Submit(StoreRequest request) {
  if (auto valid = Check(request); !valid) return Refuse(request, valid.error());
  const uint64_t bytes = CostOf(request);
  std::optional<Error> refusal;
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    refusal = Refusal(bytes);
    if (!refusal) {
      stats_.pending_bytes += bytes;
      first = waiting_.empty();
      waiting_.push_back(std::move(request));
    }
  }
  if (refusal) return Refuse(request, *refusal);
  if (first) wake_.notify_one();
}

void Committer::FailFrom(const std::string& why) {
  std::lock_guard lock(mutex_);
  if (stats_.failed) return;
  stats_.failed = true;
  stats_.failure = why;
}

void Committer::Pause() {
  std::lock_guard lock(mutex_);
  paused_ = true;
}

void Committer::Resume() {
  {
    std::lock_guard lock(mutex_);
    paused_ = false;
  }
  wake_.notify_one();
}

void Committer::Run() {
  RequestSlice(kSliceUs);
  std::vector<StoreRequest> requests;
  for (;;) {
    if (requests.empty() && requests.capacity() > kKeptRequests) requests = {};
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock,
                 [&] { return !paused_ && (closing_ || !waiting_.empty() || !requests.empty()); });
      // What the last commit left over goes first.
      if (requests.empty()) {
        requests.swap(waiting_);
      } else {
        for (auto& request : waiting_) requests.push_back(std::move(request));
        waiting_.clear();
      }
      if (requests.empty()) return;
    }
    CommitSome(requests);
  }
}

void Committer::CommitSome(std::vector<StoreRequest>& requests) {
  if (backend_.IsShared()) return CommitShared(requests);
  std::optional<Error> failure;
  {
    std::lock_guard lock(mutex_);
    if (stats_.failed) failure = Refusal(0);
  }
  planner_.Begin(requests.size());
  uint64_t bytes = 0;
  auto next = requests.begin();
  for (; next != requests.end(); ++next) {
    const uint64_t cost = CostOf(*next);
    if (!planner_.Add(*next)) break;
    bytes += cost;
  }
  requests.erase(requests.begin(), next);
  const CommitPlan& plan = planner_.Finish();
  const auto start = std::chrono::steady_clock::now();
  Written written{.wrote = !planner_.Empty() && !failure};
  if (written.wrote) {
    if (auto done = backend_.Write(plan); !done) failure = std::move(done.error());
  }
  written.spent = std::chrono::steady_clock::now() - start;
  Conclude(bytes, written, failure);
}

void Committer::CommitShared(std::vector<StoreRequest>& requests) {
  size_t count = 0;
  uint64_t bytes = 0;
  for (; count < std::min(requests.size(), kSharedRequests); ++count) {
    const uint64_t cost = CostOf(requests[count]);
    if (count > 0 && bytes + cost > kSharedBytes) break;
    bytes += cost;
  }
  std::optional<Error> failure;
  {
    std::lock_guard lock(mutex_);
    if (stats_.failed) failure = Refusal(0);
  }
  size_t taken = count;
  Written written;
  while (!failure) {
    const auto tried = TryShared({requests.data(), count}, taken);
    if (!tried) continue;
    if (*tried) {
      written = **tried;
      break;
    }
    failure = tried->error();
    taken = count;
  }
  bytes = 0;
  for (size_t i = 0; i < taken; ++i) bytes += CostOf(requests[i]);
  Conclude(bytes, written, failure);
  for (size_t i = 0; failure && i < taken; ++i) Refuse(requests[i], *failure);
  requests.erase(requests.begin(), requests.begin() + static_cast<ptrdiff_t>(taken));
}

std::optional<Result<Committer::Written>> Committer::TryShared(
    std::span<const StoreRequest> requests, size_t& taken) {
  const Result<uint64_t> next_number = backend_.Prepare(requests);
  if (!next_number) return Fail(next_number.error());
  planner_.BeginAfresh(requests.size(), *next_number);
  for (taken = 0; taken < requests.size(); ++taken) {
    StoreRequest request = requests[taken];
    if (!planner_.Add(request)) break;
  }
  const CommitPlan& plan = planner_.Finish();
  if (planner_.Empty()) return Written{};
  const auto start = std::chrono::steady_clock::now();
  const Result<void> done = backend_.Write(plan);
  if (done) return Written{true, std::chrono::steady_clock::now() - start};
  planner_.Forget();
  if (done.error().code == ErrorCode::kConflict) return std::nullopt;
  return Fail(done.error());
}

void Committer::Conclude(uint64_t bytes, const Written& written,
                         const std::optional<Error>& failure) {
  CommitListener* listener = nullptr;
  {
    std::lock_guard lock(mutex_);
    stats_.pending_bytes -= bytes;
    if (failure && !stats_.failed) {
      stats_.failed = true;
      stats_.failure = failure->message;
    }
    if (written.wrote && !failure) {
      ++stats_.commits;
      stats_.entries += planner_.entries();
      stats_.entry_bytes += planner_.entry_bytes();
      stats_.retired_entries += planner_.retired();
      stats_.logs = planner_.logs();
      stats_.fsync_ns_total += static_cast<uint64_t>(written.spent.count());
      listener = &listener_;
    }
  }
  if (listener != nullptr && *listener) (*listener)(planner_.TakeCommits());
  planner_.Answer(failure ? &*failure : nullptr);
}

StoreStats Committer::Stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

Result<void> RetireAll(Committer& committer, std::vector<RetireRequest> requests) {
  constexpr size_t kRequestsAtOnce = 256;  // so that appends get their turn
  Result<void> outcome;
  for (size_t begin = 0; begin < requests.size(); begin += kRequestsAtOnce) {
    const size_t end = std::min(begin + kRequestsAtOnce, requests.size());
    std::vector<std::future<Result<LogInfo>>> answers;
    for (size_t i = begin; i < end; ++i) {
      auto promise = std::make_shared<std::promise<Result<LogInfo>>>();
      answers.push_back(promise->get_future());
      requests[i].done = [promise](Result<LogInfo> answer) {
        promise->set_value(std::move(answer));
      };
      committer.Submit(std::move(requests[i]));
    }
    for (auto& future : answers) {
      auto answer = future.get();
      if (answer || answer.error().code == ErrorCode::kNotFound || !outcome) continue;
      outcome = Fail(std::move(answer.error()));
    }
    if (!outcome) break;
  }
  return outcome;
}

}  // namespace tailrace
