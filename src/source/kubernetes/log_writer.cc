#include "source/kubernetes/log_writer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tailrace {
namespace {

constexpr size_t kRunBytes = 1 << 20;  // of one append
constexpr uint64_t kFirstRestMs = 100;
constexpr uint64_t kLongestRestMs = 5'000;
/// Beyond what any producer has sent: the store answers with the count that it has.
constexpr uint64_t kAskForCount = UINT64_MAX / 2;

}  // namespace

LogWriters::LogWriters(LogStore& store, Loop& loop, uint64_t limit_bytes)
    : store_(store), loop_(loop), limit_bytes_(limit_bytes) {}

LogWriters::~LogWriters() {
  CHECK(writers_.empty());
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [this] { return under_way_ == 0; });
}

void LogWriters::Append(uint64_t writer, AppendRequest request) {
  {
    const std::lock_guard lock(mutex_);
    ++under_way_;
  }
  request.done = [this, writer](Result<AppendAnswer> answer) {
    loop_.Post([this, writer, answer = std::move(answer)] {
      const auto found = writers_.find(writer);
      if (found != writers_.end()) found->second->OnAnswer(answer);
    });
    const std::lock_guard lock(mutex_);
    if (--under_way_ == 0) answered_.notify_all();
  };
  store_.Append(std::move(request));
}

void LogWriters::Count(int64_t waiting_bytes, uint64_t entries, uint64_t refusals) {
  const std::lock_guard lock(mutex_);
  stats_.waiting_bytes += static_cast<uint64_t>(waiting_bytes);
  stats_.entries += entries;
  stats_.refusals += refusals;
  full_ = stats_.waiting_bytes > (full_ ? limit_bytes_ / 2 : limit_bytes_);
}

LogWritersStats LogWriters::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

LogWriter::LogWriter(LogWriters& shared, LogKey key, std::function<void(const Error&)> on_refused)
    : shared_(shared),
      number_(shared.next_number_++),
      key_(std::move(key)),
      on_refused_(std::move(on_refused)) {
  shared_.writers_.emplace(number_, this);
}

LogWriter::~LogWriter() {
  shared_.writers_.erase(number_);
  for (const Piece& piece : pieces_) {
    shared_.Count(-static_cast<int64_t>(piece.run.encoded.size()), 0, 0);
  }
}

void LogWriter::Take(const EntryRun& run, std::optional<std::string> memo) {
  CHECK(!end_);
  if (refused_ || run.Empty()) return;
  shared_.Count(static_cast<int64_t>(run.encoded.size()), 0, 0);
  const bool is_first = pieces_.size() <= (under_way_ ? 1 : 0);
  if (is_first || pieces_.back().memo || pieces_.back().run.encoded.size() >= kRunBytes) {
    pieces_.emplace_back();
  }
  pieces_.back().memo = std::move(memo);
  EntryRun& last = pieces_.back().run;
  last.encoded.append(run.encoded);
  last.count += run.count;
  last.text_bytes += run.text_bytes;
}

void LogWriter::Flush() {
  Send();
}

void LogWriter::End(Outcome outcome, std::function<void()> done) {
  CHECK(!end_);
  end_ = std::move(outcome);
  on_ended_ = std::move(done);
  Send();
}

void LogWriter::Send() {
  if (under_way_ || resting_ || refused_ || (pieces_.empty() && !end_)) return;
  AppendRequest request;
  request.key = key_;
  request.from_source = true;
  request.producer = ProducerMark{std::string(kProducer), sequence_.value_or(kAskForCount)};
  if (sequence_) {
    if (!pieces_.empty()) {
      request.run = pieces_.front().run;
      request.memo = pieces_.front().memo;
    }
    if (pieces_.size() <= 1) request.end = end_;
  }
  end_under_way_ = request.end.has_value();
  under_way_ = true;
  shared_.Append(number_, std::move(request));
}

void LogWriter::OnAnswer(const Result<AppendAnswer>& answer) {
  under_way_ = false;
  if (!answer) return OnError(answer.error());
  failures_ = 0;
  if (!pieces_.empty()) {
    const EntryRun& stored = pieces_.front().run;
    *sequence_ += stored.count;
    shared_.Count(-static_cast<int64_t>(stored.encoded.size()), stored.count, 0);
    pieces_.pop_front();
  }
  if (!end_under_way_) return Send();
  end_.reset();
  refused_ = true;  // It takes no more.
  if (on_ended_) std::exchange(on_ended_, nullptr)();
}

void LogWriter::OnError(const Error& error) {
  if (!sequence_ && error.has_expected) {
    sequence_ = error.expected;
    return Send();
  }
  if (error.code != ErrorCode::kOverloaded && error.code != ErrorCode::kUnavailable) {
    return Refuse(error);
  }
  shared_.Count(0, 0, 1);
  resting_ = true;
  const uint64_t rest = std::min(kLongestRestMs, kFirstRestMs << std::min<uint64_t>(failures_, 16));
  ++failures_;
  shared_.loop_.After(rest, [&shared = shared_, number = number_] {
    const auto found = shared.writers_.find(number);
    if (found == shared.writers_.end()) return;
    found->second->resting_ = false;
    found->second->Send();
  });
}

void LogWriter::Refuse(const Error& error) {
  refused_ = true;
  for (const Piece& piece : pieces_) {
    shared_.Count(-static_cast<int64_t>(piece.run.encoded.size()), 0, 0);
  }
  pieces_.clear();
  end_.reset();
  if (on_refused_) on_refused_(error);
}

}  // namespace tailrace
