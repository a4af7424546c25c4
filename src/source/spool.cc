#include "source/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/check.h"
#include "source/spool_format.h"

namespace tailrace {
namespace {

// Kept free beyond the limit, so that the end of a full spool can be said.
constexpr uint64_t kFinishReserveBytes = 64 << 10;
// An empty spool is cut back to its header when it has grown beyond this.
constexpr uint64_t kStartOverBytes = 1 << 20;
// Shorter payloads are copied to be written together with their head.
constexpr size_t kCopiedBytes = 16 << 10;
constexpr int64_t kRoomPollMs = 200;
constexpr uint64_t kPunchBytes = 4 << 20;

std::string ErrnoText() {
  return std::strerror(errno);
}

}  // namespace

SpoolIo SpoolIo::System() {
  return {::pwrite, [](int fd, off_t offset, off_t size) {
            return ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, size);
          }};
}

Spool::Spool(int fd, std::string path, SpoolMeta meta, SpoolOptions options)
    : fd_(fd), path_(std::move(path)), meta_(std::move(meta)), options_(std::move(options)) {
  end_ = delivered_ = punched_ = kSpoolHeaderBytes;
}

Spool::~Spool() {
  if (remove_at_end_ && !path_.empty()) ::unlink(path_.c_str());
  ::close(fd_);
}

Result<std::unique_ptr<Spool>> Spool::Create(const std::string& path, const SpoolMeta& meta,
                                             SpoolOptions options) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(ErrorCode::kUnavailable, path + ": " + ErrnoText());
  ::flock(fd, LOCK_EX | LOCK_NB);
  std::unique_ptr<Spool> spool(new Spool(fd, path, meta, std::move(options)));
  if (auto written = spool->WriteHeader(); !written) {
    spool->RemoveAtEnd();
    return Fail(written.error());
  }
  return spool;
}

Result<std::unique_ptr<Spool>> Spool::CreateInMemory(const SpoolMeta& meta, SpoolOptions options) {
  const int fd = ::memfd_create("tailrace-spool", MFD_CLOEXEC);
  if (fd < 0) return Fail(ErrorCode::kUnavailable, "memory for the spool: " + ErrnoText());
  std::unique_ptr<Spool> spool(new Spool(fd, "", meta, std::move(options)));
  if (auto written = spool->WriteHeader(); !written) return Fail(written.error());
  return spool;
}

Result<std::unique_ptr<Spool>> Spool::Open(const std::string& path, SpoolOptions options) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return Fail(ErrorCode::kNotFound, path + ": " + ErrnoText());
  std::string page(kSpoolHeaderBytes, '\0');
  const ssize_t got = ::pread(fd, page.data(), page.size(), 0);
  auto meta = DecodeSpoolHeader(std::string_view(page).substr(0, got < 0 ? 0 : got));
  const bool locked = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
  if (!meta || !locked) {
    ::close(fd);
    if (!locked) return Fail(ErrorCode::kConflict, path + ": its tailrace is still running");
    return Fail(ErrorCode::kCorrupt, path + ": " + meta.error().message);
  }
  std::unique_ptr<Spool> spool(new Spool(fd, path, std::move(*meta), std::move(options)));
  if (auto recovered = spool->Recover(); !recovered) return Fail(recovered.error());
  return spool;
}

Result<void> Spool::WriteHeader() {
  const auto header = EncodeSpoolHeader(meta_);
  if (!header) return Fail(header.error());
  std::string page = *header;
  page.resize(kSpoolHeaderBytes, '\0');
  if (!WriteAll(page, 0)) return Fail(ErrorCode::kUnavailable, path_ + ": " + problem_);
  return {};
}

Result<void> Spool::Recover() {
  SpoolSlot slot;
  for (uint64_t i = 0; i < 2; ++i) {
    const auto bytes = ReadAt(kSpoolSlotOffset + i * kSpoolSlotBytes, kSpoolSlotBytes);
    if (!bytes) return Fail(bytes.error());
    const auto other = DecodeSpoolSlot(*bytes);
    if (other && other->generation > slot.generation) slot = *other;
  }
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return Fail(ErrorCode::kUnavailable, path_ + ": " + ErrnoText());
  const auto size = static_cast<uint64_t>(status.st_size);
  // A slot beyond the file: it was cut back because all was delivered.
  const uint64_t start = slot.offset > size ? kSpoolHeaderBytes : slot.offset;
  slot_generation_ = slot.generation;
  acknowledged_ = next_sequence_ = slot.acknowledged;
  shift_ = slot.shift;
  end_ = delivered_ = punched_ = start;
  bool first = true;
  while (!finished_ && end_ + kSpoolRecordHeadBytes <= size) {
    const auto head_bytes = ReadAt(end_, kSpoolRecordHeadBytes);
    if (!head_bytes) return Fail(head_bytes.error());
    const auto head = DecodeSpoolRecordHead(*head_bytes);
    if (!head || end_ + kSpoolRecordHeadBytes + head->payload_bytes > size) break;
    const auto payload = ReadAt(end_ + kSpoolRecordHeadBytes, head->payload_bytes);
    if (!payload) return Fail(payload.error());
    if (!SpoolRecordIsWhole(*head_bytes, *payload)) break;
    if (first ? head->first > acknowledged_ : head->first != next_sequence_) break;
    first = false;
    next_sequence_ = head->first + head->count;
    finished_ = head->kind == SpoolRecordKind::kFinish;
    end_ += kSpoolRecordHeadBytes + head->payload_bytes;
  }
  damaged_tail_ = !finished_ && end_ < size;
  return {};
}

bool Spool::WriteAll(std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written =
        options_.io.write(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const std::string why = written == 0 ? "the disk takes nothing" : ErrnoText();
      const std::lock_guard lock(mutex_);
      problem_ = why;
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return true;
}

bool Spool::Append(std::string_view encoded, uint64_t count) {
  CHECK(encoded.size() <= kMaxSpoolPayloadBytes && count <= UINT32_MAX);
  {
    const std::lock_guard lock(mutex_);
    if (StillFull()) return false;
    full_ = false;
    if (delivered_ == end_ && end_ > kStartOverBytes) StartOver();
  }
  return WriteRecord(static_cast<uint8_t>(SpoolRecordKind::kEntries), encoded, count,
                     options_.limit_bytes);
}

bool Spool::AppendLastWord(std::string_view encoded, uint64_t count) {
  return WriteRecord(static_cast<uint8_t>(SpoolRecordKind::kEntries), encoded, count,
                     options_.limit_bytes + kFinishReserveBytes / 2);
}

void Spool::Finish(std::optional<Outcome> outcome) {
  if (WriteRecord(static_cast<uint8_t>(SpoolRecordKind::kFinish), EncodeSpoolOutcome(outcome), 0,
                  options_.limit_bytes + kFinishReserveBytes)) {
    return;
  }
  const std::lock_guard lock(mutex_);
  unwritten_finish_ = std::move(outcome);
  changed_.notify_all();
}

// Only this thread moves end_ and next_sequence_, so the write itself needs no lock.
bool Spool::WriteRecord(uint8_t kind, std::string_view payload, uint64_t count,
                        uint64_t limit_bytes) {
  const uint64_t size = kSpoolRecordHeadBytes + payload.size();
  {
    const std::lock_guard lock(mutex_);
    if (UsedBytes() + size > limit_bytes) {
      full_ = true;
      problem_ = "the spool is full";
      return false;
    }
  }
  std::string head = EncodeSpoolRecordHead(static_cast<SpoolRecordKind>(kind), next_sequence_,
                                           static_cast<uint32_t>(count), payload);
  // A second write costs less than a copy of a long payload. The order does not matter: without the
  // head it is no record.
  const bool at_once = payload.size() < kCopiedBytes;
  if (at_once) head.append(payload);
  if (!at_once && !WriteAll(payload, end_ + kSpoolRecordHeadBytes)) return false;
  if (!WriteAll(head, end_)) return false;
  const std::lock_guard lock(mutex_);
  end_ += size;
  next_sequence_ += count;
  finished_ = kind == static_cast<uint8_t>(SpoolRecordKind::kFinish);
  changed_.notify_all();
  return true;
}

// Everything is delivered, so the reader has no business in the file now. The file is cut before
// the slot says so: in between, the slot points beyond the file, which Recover takes for empty.
void Spool::StartOver() {
  if (::ftruncate(fd_, static_cast<off_t>(kSpoolHeaderBytes)) != 0) return;
  end_ = delivered_ = punched_ = kSpoolHeaderBytes;
  WriteSlot();
}

void Spool::WriteSlot() {
  ++slot_generation_;
  const std::string slot = EncodeSpoolSlot({slot_generation_, delivered_, acknowledged_, shift_});
  // In place and within the header page. If it fails, delivery is repeated from an earlier point
  // after a recovery, which the server recognises.
  const uint64_t offset = kSpoolSlotOffset + (slot_generation_ % 2) * kSpoolSlotBytes;
  [[maybe_unused]] const ssize_t written =
      ::pwrite(fd_, slot.data(), slot.size(), static_cast<off_t>(offset));
}

Result<std::string> Spool::ReadAt(uint64_t offset, uint64_t size) const {
  std::string bytes(size, '\0');
  uint64_t have = 0;
  while (have < size) {
    const ssize_t got =
        ::pread(fd_, bytes.data() + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(ErrorCode::kUnavailable, "reading the spool: " + ErrnoText());
    if (got == 0) return Fail(ErrorCode::kCorrupt, "the spool is shorter than it was");
    have += static_cast<uint64_t>(got);
  }
  return bytes;
}

Result<SpoolBatch> Spool::Read(size_t max_bytes) {
  uint64_t offset = 0, end = 0;
  SpoolBatch batch;
  std::optional<std::optional<Outcome>> unwritten_finish;
  {
    const std::lock_guard lock(mutex_);
    offset = delivered_;
    end = end_;
    batch.first = acknowledged_;
    unwritten_finish = unwritten_finish_;
  }
  marks_.clear();
  while (offset < end && !batch.finished && batch.encoded.size() < max_bytes) {
    const auto head_bytes = ReadAt(offset, kSpoolRecordHeadBytes);
    if (!head_bytes) return Fail(head_bytes.error());
    const auto head = DecodeSpoolRecordHead(*head_bytes);
    if (!head) return Fail(ErrorCode::kCorrupt, "the spool is damaged");
    const auto payload = ReadAt(offset + kSpoolRecordHeadBytes, head->payload_bytes);
    if (!payload) return Fail(payload.error());
    if (!SpoolRecordIsWhole(*head_bytes, *payload)) {
      return Fail(ErrorCode::kCorrupt, "the spool is damaged");
    }
    marks_.push_back({head->first, offset});
    offset += kSpoolRecordHeadBytes + head->payload_bytes;
    if (head->kind == SpoolRecordKind::kFinish) {
      auto outcome = DecodeSpoolOutcome(*payload);
      if (!outcome) return Fail(outcome.error());
      batch.finished = true;
      batch.outcome = std::move(*outcome);
      continue;
    }
    // Only the first record can hold entries that are delivered already.
    EntryReader reader(*payload);
    Entry entry;
    for (uint64_t n = head->first; n < batch.first; ++n) {
      if (!reader.Next(entry)) return Fail(ErrorCode::kCorrupt, "the spool is damaged");
    }
    const uint64_t skipped =
        std::min<uint64_t>(batch.first - std::min(batch.first, head->first), head->count);
    batch.count += head->count - skipped;
    batch.encoded.append(reader.Rest());
  }
  if (offset == end && unwritten_finish) {
    batch.finished = true;
    batch.outcome = *std::move(unwritten_finish);
    marks_.push_back({batch.first + batch.count, offset});
    return batch;
  }
  // The last record stays undelivered, so that a recovery finds it again.
  if (!batch.finished) marks_.push_back({batch.first + batch.count, offset});
  return batch;
}

void Spool::Acknowledge(uint64_t sequence, uint64_t shift) {
  const std::lock_guard lock(mutex_);
  shift_ = shift;
  acknowledged_ = std::max(acknowledged_, sequence);
  for (size_t i = 0; i < marks_.size(); ++i) {
    if (marks_[i].sequence <= acknowledged_) delivered_ = std::max(delivered_, marks_[i].offset);
  }
  WriteSlot();
  PunchDelivered();
  changed_.notify_all();
}

void Spool::PunchDelivered() {
  const uint64_t step = std::min(kPunchBytes, options_.limit_bytes / 8);
  if (delivered_ == end_) {
    punched_ =
        delivered_;  // The writer cuts the file off before it adds more than kStartOverBytes.
    return;
  }
  if (delivered_ - punched_ < step) return;
  if (options_.io.punch(fd_, static_cast<off_t>(punched_),
                        static_cast<off_t>(delivered_ - punched_)) == 0) {
    punched_ = delivered_;
  }
}

void Spool::WaitForData(int64_t timeout_ms, const std::function<bool()>& stop) {
  std::unique_lock lock(mutex_);
  const uint64_t seen = end_;
  const auto ready = [&] {
    return delivered_ < end_ || end_ != seen || unwritten_finish_ || stop();
  };
  changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), ready);
}

void Spool::WaitForRoom() {
  std::unique_lock lock(mutex_);
  const uint64_t room = options_.limit_bytes / 8 * 7;
  // If it is the disk that refuses, nobody tells when it has room again.
  changed_.wait_for(lock, std::chrono::milliseconds(kRoomPollMs),
                    [&] { return full_ && UsedBytes() <= room; });
}

void Spool::Wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool Spool::StillFull() const {
  return full_ && UsedBytes() > options_.limit_bytes / 8 * 7;
}

bool Spool::Full() const {
  const std::lock_guard lock(mutex_);
  return StillFull();
}

std::string Spool::Problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

uint64_t Spool::Undelivered() const {
  const std::lock_guard lock(mutex_);
  return next_sequence_ - acknowledged_;
}

bool Spool::HasEnd() const {
  const std::lock_guard lock(mutex_);
  return finished_ || unwritten_finish_;
}

void Spool::Sync() {
  ::fdatasync(fd_);
}

}  // namespace tailrace
