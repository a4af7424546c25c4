#include "source/kubernetes/passing_store.h"

#include <chrono>
#include <utility>

namespace tailrace {
namespace {

std::unexpected<Error> Closed() {
  return Fail(ErrorCode::kUnavailable, "nobody takes what is appended any more");
}

std::unexpected<Error> NoSuchLog(const LogKey& key) {
  return Fail(ErrorCode::kNotFound, "there is no log " + key.Path());
}

}  // namespace

std::optional<PassingStore::Passed> PassingStore::Take(uint64_t wait_ms) {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return !waiting_.empty(); });
  if (waiting_.empty()) return std::nullopt;
  Passed passed = std::move(waiting_.front());
  waiting_.pop_front();
  return passed;
}

void PassingStore::Close() {
  std::deque<Passed> waiting;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting.swap(waiting_);
  }
  for (const Passed& passed : waiting) passed.done();
}

// Makes the log if it is not there. The caller holds mutex_.
Result<AppendAnswer> PassingStore::Accept(AppendRequest& request) {
  if (closed_) return Closed();
  const auto found = logs_.find(request.key);
  if (found == logs_.end()) return NoSuchLog(request.key);
  LogInfo& info = found->second;
  if (info.HasEnded()) {
    return Fail(ErrorCode::kConflict, "log " + request.key.Path() + " has ended");
  }
  // A log has one producer, so its count is the log's.
  if (request.producer && request.producer->sequence != info.position) {
    return Fail(Error{.code = ErrorCode::kConflict,
                      .message = "another sequence is expected",
                      .expected = info.position,
                      .has_expected = true});
  }
  info.position += request.run.count;
  info.outcome = request.end;
  return AppendAnswer{
      .incarnation = info.incarnation, .position = info.position, .stored = request.run.count};
}

void PassingStore::Append(AppendRequest request) {
  auto answer = [this, &request] {
    const std::lock_guard lock(mutex_);
    Result<AppendAnswer> accepted = Accept(request);
    if (!accepted) return accepted;
    Passed& passed = waiting_.emplace_back();
    passed.labels = logs_.find(request.key)->second.labels;
    passed.key = request.key;
    passed.run = std::move(request.run);
    passed.end = std::move(request.end);
    passed.done = [done = std::move(request.done), answered = *accepted] { done(answered); };
    came_.notify_one();
    return accepted;
  }();
  if (!answer) request.done(Fail(answer.error()));
}

void PassingStore::Create(CreateRequest request) {
  CreateRequest::Answer answer;
  {
    const std::lock_guard lock(mutex_);
    const auto [found, created] = logs_.try_emplace(request.key);
    LogInfo& info = found->second;
    answer.created = created;
    if (created) {
      info.key = request.key;
      info.number = next_number_++;
    }
    if (created || !request.only_if_new) {
      if (request.title) info.title = *request.title;
      if (request.labels) info.labels = *request.labels;
    }
    answer.info = info;
  }
  request.done(std::move(answer));
}

void PassingStore::End(EndRequest request) {
  request.done(Closed());
}

void PassingStore::Remove(RemoveRequest request) {
  request.done(Closed());
}

Result<LogInfo> PassingStore::Stat(const LogKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = logs_.find(key);
  if (found == logs_.end()) return NoSuchLog(key);
  return found->second;
}

Result<ReadAnswer> PassingStore::Read(const LogKey& /*key*/, Position /*from*/,
                                      size_t /*max_bytes*/) {
  return ReadAnswer{};
}

}  // namespace tailrace
