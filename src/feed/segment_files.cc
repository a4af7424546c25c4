#include "feed/segment_files.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <span>
#include <utility>

#include "base/crc32c.h"

namespace tailrace {
namespace {

bool IsCompressed(SegmentKind kind) {
  return kind.index % kCodings != 0;
}

}  // namespace

// Without a name; closed when nobody reads it any more.
class SegmentFiles::File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool Write(std::string_view bytes, uint64_t offset) const {
    while (!bytes.empty()) {
      const ssize_t done = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (done <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(done));
      offset += static_cast<uint64_t>(done);
    }
    return true;
  }

  bool Read(char* bytes, size_t size, uint64_t offset) const {
    while (size > 0) {
      const ssize_t done = pread(fd_, bytes, size, static_cast<off_t>(offset));
      if (done <= 0) return false;
      bytes += done;
      size -= static_cast<size_t>(done);
      offset += static_cast<uint64_t>(done);
    }
    return true;
  }

 private:
  const int fd_;
};

SegmentFiles::SegmentFiles(std::string folder, const SegmentFilesLimits& limits)
    : folder_(std::move(folder)),
      limits_(limits),
      file_bytes_(limits.bytes / kFiles),
      made_(kRemembered) {}

SegmentFiles::~SegmentFiles() = default;

std::shared_ptr<Segment> SegmentFiles::Find(uint64_t log_number, SegmentKind kind, Position begin) {
  const Key key(log_number, kind.index, begin);
  Place place;
  {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    place = found->second;
  }
  auto segment = std::make_shared<Segment>();
  segment->begin = begin;
  segment->end = place.facts.end;
  segment->sum = place.facts.sum;
  segment->plain_bytes = place.facts.plain_bytes;
  bool read = false;
  segment->bytes.resize_and_overwrite(place.size, [&](char* bytes, size_t size) {
    read = place.file->Read(bytes, size, place.offset);
    return size;
  });
  const bool good = read && ExtendCrc32c(0, segment->bytes) == place.crc;
  if (good) return segment;
  const std::lock_guard lock(mutex_);
  ++stats_.errors;
  const auto found = places_.find(key);
  if (found != places_.end() && found->second.file == place.file) places_.erase(found);
  return nullptr;
}

void SegmentFiles::Keep(uint64_t log_number, SegmentKind kind, const SegmentFacts& facts,
                        std::string_view bytes) {
  const uint64_t size = bytes.size();
  if (size < limits_.segment_bytes || size > file_bytes_) return;
  const Key key(log_number, kind.index, facts.begin);
  Place place{.size = size, .facts = facts};
  {
    const std::lock_guard lock(mutex_);
    // Compressing costs ten times what writing the few bytes does.
    const bool worth_it = IsCompressed(kind) || MadeBefore(key);
    if (!worth_it || places_.contains(key) || !Reserve(size, place)) return;
  }
  place.crc = ExtendCrc32c(0, bytes);
  const bool written = place.file->Write(bytes, place.offset);
  const std::lock_guard lock(mutex_);
  if (!written) {
    ++stats_.errors;
    for (Slot& slot : slots_) Empty(slot);  // the disk may be full: the store needs it more
    return;
  }
  for (Slot& slot : slots_) {
    if (slot.file != place.file) continue;  // made room meanwhile
    if (places_.try_emplace(key, std::move(place)).second) slot.keys.push_back(key);
    return;
  }
}

bool SegmentFiles::MadeBefore(const Key& key) {
  const auto [log_number, kind, begin] = key;
  uint64_t hash = (log_number * 64 + kind) * 0x9E3779B97F4A7C15 + begin;
  hash = (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9;
  hash |= 1;  // 0: nothing
  // Each has four places.
  const std::span places = std::span(made_).subspan((hash >> 32) % (kRemembered / 4) * 4, 4);
  if (std::ranges::find(places, hash) != places.end()) return true;
  const auto empty = std::ranges::find(places, uint64_t{0});
  (empty != places.end() ? *empty : places[(hash >> 60) % 4]) = hash;
  return false;
}

// Room for `size` bytes in the file that is being filled, or in the next one.
bool SegmentFiles::Reserve(uint64_t size, Place& place) {
  Slot* slot = &slots_[current_];
  if (slot->file == nullptr || slot->used + size > file_bytes_) {
    if (slot->file != nullptr) current_ = (current_ + 1) % kFiles;
    slot = &slots_[current_];
    Empty(*slot);
    if (!BeginFile(*slot)) return false;
  }
  place.file = slot->file;
  place.offset = slot->used;
  slot->used += size;
  stats_.bytes += size;
  return true;
}

bool SegmentFiles::BeginFile(Slot& slot) {
  struct statvfs disk {};
  if (statvfs(folder_.c_str(), &disk) != 0) return false;
  if (disk.f_bavail * disk.f_frsize / 2 < file_bytes_) return false;
  std::string path = folder_ + "/segments-XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return false;
  unlink(path.c_str());
  slot.file = std::make_shared<File>(fd);
  return true;
}

void SegmentFiles::Empty(Slot& slot) {
  for (const Key& key : slot.keys) {
    const auto found = places_.find(key);
    if (found != places_.end() && found->second.file == slot.file) places_.erase(found);
  }
  stats_.bytes -= slot.used;
  slot = {};
}

void SegmentFiles::Forget(uint64_t log_number) {
  const std::lock_guard lock(mutex_);
  places_.erase(places_.lower_bound(Key(log_number, 0, 0)),
                places_.lower_bound(Key(log_number + 1, 0, 0)));
}

SegmentFilesStats SegmentFiles::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace tailrace
