// Spool: a file between a command's output and the server. What the command wrote waits here until
// the server has it on disk, so that a server that is slow or away costs the command nothing.
//
// File: a page of 4096 bytes (magic, SpoolMeta, two slots that say in turn how far delivery is),
// then records. A record is: size of the payload (4 bytes), CRC-32 of all that follows (4), kind
// (1), number of its first entry (8), count of entries (4), payload; integers big-endian. The
// payload is encoded entries (log/entry.h) or, in the last record, the outcome. Delivered records
// are punched out of the file, or cut off once all are delivered, so the limit holds for the space
// used.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/log_info.h"

namespace tailrace {

/// What a spool needs to be sent by somebody else later.
struct SpoolMeta {
  LogKey key;
  std::string producer;  ///< Tailrace-Producer.
  std::string title;     ///< Empty: leave it.
  std::string url;       ///< Of the server.
  bool ends_log = true;  ///< The producer's end is the log's end: without one, it is lost.
};

/// The system calls that may fail in ways worth testing.
struct SpoolIo {
  std::function<ssize_t(int, const void*, size_t, off_t)> write;
  std::function<int(int, off_t, off_t)> punch;  ///< 0: the range takes no space any more.
  static SpoolIo System();
};

struct SpoolOptions {
  uint64_t limit_bytes = 256 << 20;
  SpoolIo io = SpoolIo::System();
};

/// What Read gives: a run of entries, and whether the end comes right behind it.
struct SpoolBatch {
  uint64_t first = 0;  ///< Number of the first entry, counted over the spool's whole life.
  uint64_t count = 0;
  std::string encoded;
  bool finished = false;           ///< Nothing comes behind this batch.
  std::optional<Outcome> outcome;  ///< With `finished`: how to end the log, if at all.
};

class Spool {
 public:
  /// Makes a new file (0600) and locks it. kUnavailable: it can't be made.
  static Result<std::unique_ptr<Spool>> Create(const std::string& path, const SpoolMeta& meta,
                                               SpoolOptions options);
  /// A spool that is gone with the process: where no directory will have a file.
  static Result<std::unique_ptr<Spool>> CreateInMemory(const SpoolMeta& meta, SpoolOptions options);
  /// Recovers a spool that another process has left, up to the first record that is not whole.
  /// kNotFound, kCorrupt (not a spool), kConflict (its process still runs).
  static Result<std::unique_ptr<Spool>> Open(const std::string& path, SpoolOptions options);

  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  const SpoolMeta& Meta() const { return meta_; }
  const std::string& Path() const { return path_; }  ///< Empty: in memory.

  // The writer: one thread.

  /// Adds a run of encoded entries. False: no room or the disk refuses it; nothing was added, and
  /// Problem() says why. Once full it stays so until an eighth is free.
  bool Append(std::string_view encoded, uint64_t count);
  /// The same for a short last word: may use the room that is kept beyond the limit.
  bool AppendLastWord(std::string_view encoded, uint64_t count);
  /// Nothing comes any more. Has room kept for it; what the disk refuses is kept in memory.
  void Finish(std::optional<Outcome> outcome);
  std::string Problem() const;
  /// Append would refuse anything now.
  bool Full() const;
  /// Returns when there is room again, but at the latest after a fraction of a second.
  void WaitForRoom();

  // The reader: one thread.

  /// From the first entry not acknowledged on, whole records up to about `max_bytes`; may be empty.
  /// kCorrupt, kUnavailable.
  Result<SpoolBatch> Read(size_t max_bytes);
  /// All entries before `sequence` are delivered: at most what Read has given. `shift` is what the
  /// reader wants to find again in Shift() after a recovery.
  void Acknowledge(uint64_t sequence, uint64_t shift);
  uint64_t Shift() const { return shift_; }
  /// Until there is something to read, `stop()`, or `timeout_ms`. Wake() makes it look again.
  void WaitForData(int64_t timeout_ms, const std::function<bool()>& stop);

  // Any thread.

  void Wake();
  uint64_t Undelivered() const;  ///< Entries added and not acknowledged.
  /// Finish was called, by this or an earlier process.
  bool HasEnd() const;
  bool DamagedTail() const { return damaged_tail_; }  ///< Open had to leave something behind.
  /// Writes through to the disk: before somebody is told that the file is kept.
  void Sync();
  /// The file is deleted when the spool is destroyed.
  void RemoveAtEnd() { remove_at_end_ = true; }

 private:
  struct Mark {
    uint64_t sequence;  ///< Number of the record's first entry.
    uint64_t offset;
  };

  Spool(int fd, std::string path, SpoolMeta meta, SpoolOptions options);
  Result<void> WriteHeader();
  Result<void> Recover();
  bool WriteRecord(uint8_t kind, std::string_view payload, uint64_t count, uint64_t limit_bytes);
  bool WriteAll(std::string_view bytes, uint64_t offset);
  void WriteSlot();
  void PunchDelivered();
  void StartOver();
  uint64_t UsedBytes() const { return end_ - punched_; }
  bool StillFull() const;
  Result<std::string> ReadAt(uint64_t offset, uint64_t size) const;

  const int fd_;
  const std::string path_;
  const SpoolMeta meta_;
  const SpoolOptions options_;
  bool remove_at_end_ = false;
  bool damaged_tail_ = false;
  std::vector<Mark> marks_;       ///< Records that the last Read gave; reader only.
  uint64_t shift_ = 0;            ///< Reader only.
  uint64_t slot_generation_ = 0;  ///< Guarded by mutex_, as all below.

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t end_ = 0;            ///< Offset behind the last record.
  uint64_t next_sequence_ = 0;  ///< Number of the next entry to be added.
  uint64_t delivered_ = 0;      ///< Offset of the record with the first undelivered entry.
  uint64_t acknowledged_ = 0;   ///< Number of the first undelivered entry.
  uint64_t punched_ = 0;        ///< Records before this offset take no space.
  bool finished_ = false;       ///< The file holds the last record.
  std::optional<std::optional<Outcome>> unwritten_finish_;  ///< What Finish could not write.
  bool full_ = false;
  std::string problem_;
};

}  // namespace tailrace
