// SegmentFiles: rendered segments on disk, for logs that are read more than once.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "feed/segment.h"

namespace tailrace {

/// What entries look like in a segment.
struct SegmentKind {
  // NOLINTNEXTLINE(google-explicit-constructor)
  SegmentKind(Style style)
      : index(static_cast<size_t>(style.format) * kCodings + IndexOf(style.coding)) {}
  /// Their texts as in a raw download, without the frame that Segment::bytes has otherwise.
  static SegmentKind Raw() {
    SegmentKind raw{Style(Format::kText)};
    raw.index = kFormats * kCodings;
    return raw;
  }
  size_t index;
};

/// A segment without its bytes, as in Segment.
struct SegmentFacts {
  Position begin = 0;
  Position end = 0;
  PlainSum sum;
  uint64_t plain_bytes = 0;
};

struct SegmentFilesLimits {
  uint64_t bytes = 2ULL << 30;  ///< Of all files. Never more than half of what the disk has free.
  uint64_t segment_bytes = 8 << 10;  ///< Smaller ones are rendered as fast as they are read.
};

struct SegmentFilesStats {
  uint64_t bytes = 0;   ///< Of all files now.
  uint64_t errors = 0;  ///< Reads and writes that failed or gave other bytes.
};

/// What was decompressed, checked, rendered and perhaps compressed for two viewers is read from
/// here for the next ones. Nothing in it is needed: what is not here, or can't be read, is made
/// again from the store. The files have no names, so that nothing of them outlives the process.
/// Any thread; Find and Keep block on the disk.
class SegmentFiles {
 public:
  SegmentFiles(std::string folder, const SegmentFilesLimits& limits);
  ~SegmentFiles();

  /// The segment that begins at `begin`. Null: it is not here.
  std::shared_ptr<Segment> Find(uint64_t log_number, SegmentKind kind, Position begin);
  /// Keeps it if it was made before: most logs are read once. The oldest ones make room.
  void Keep(uint64_t log_number, SegmentKind kind, const SegmentFacts& facts,
            std::string_view bytes);
  /// The log is gone, and so is what was kept of it. Does not block.
  void Forget(uint64_t log_number);

  SegmentFilesStats Stats() const;

 private:
  static constexpr size_t kFiles = 8;
  static constexpr size_t kRemembered = 16 << 10;

  class File;
  using FilePtr = std::shared_ptr<File>;
  using Key = std::tuple<uint64_t, size_t, Position>;  // log number, SegmentKind, begin
  struct Place {
    FilePtr file;
    uint64_t offset = 0;
    uint64_t size = 0;
    SegmentFacts facts;
    uint32_t crc = 0;
  };
  struct Slot {
    FilePtr file;
    uint64_t used = 0;
    std::vector<Key> keys;
  };

  bool MadeBefore(const Key& key);
  bool Reserve(uint64_t size, Place& place);
  bool BeginFile(Slot& slot);
  void Empty(Slot& slot);

  const std::string folder_;
  const SegmentFilesLimits limits_;
  const uint64_t file_bytes_;  // limit of each
  mutable std::mutex mutex_;   // guards what follows
  std::array<Slot, kFiles> slots_;
  size_t current_ = 0;  // of slots_, is being filled; the next one is the oldest
  std::map<Key, Place> places_;
  std::vector<uint64_t> made_;  // hashes of keys, each where it belongs; newer ones replace older
  SegmentFilesStats stats_;
};

}  // namespace tailrace
