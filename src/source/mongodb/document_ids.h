// Which documents are in a log already: told by the `_id` that each entry keeps in its fields.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "store/log_store.h"

namespace tailrace {

/// The newest documents of a log, by MongoDocument::id_hash.
class RecentIds {
 public:
  static constexpr size_t kCapacity = 4'096;

  void Add(uint64_t hash);
  bool Contains(uint64_t hash) const { return set_.contains(hash); }

 private:
  std::deque<uint64_t> order_;
  std::unordered_multiset<uint64_t> set_;
};

/// The documents that further polls will find again, by id and by the second of their `_id`.
class SeenDocuments {
 public:
  static constexpr size_t kMax = 500'000;  ///< Then the oldest are forgotten earlier.

  /// False: it was there.
  bool Add(uint64_t hash, int64_t second);
  void Forget(int64_t before_second);
  /// What is older may have been forgotten.
  int64_t floor() const { return floor_; }

 private:
  struct Seen {
    int64_t second;
    uint64_t hash;
  };
  std::unordered_set<uint64_t> hashes_;
  std::deque<Seen> by_time_;
  int64_t floor_ = 0;
};

/// Reads those of the last RecentIds::kCapacity entries. Blocks.
Result<RecentIds> LoadRecentIds(LogStore& store, const LogInfo& info);

/// All documents of a log, to compare it with the collection: 8 bytes for each entry, of the newest
/// kMaxEntries.
class StoredIds {
 public:
  static constexpr size_t kMaxEntries = 16 << 20;

  /// Reads the log, unless `info` is null: then nothing is stored. Blocks.
  static Result<StoredIds> Load(LogStore& store, const LogInfo* info);

  /// Whether the document is stored. `time`: the document's, 0 unknown. Once retention has cut the
  /// log's front, what is older than the log's last change and comes before the first document
  /// that is found counts as stored.
  bool Take(uint64_t hash, TimeNs time);

 private:
  std::vector<uint64_t> sorted_;
  TimeNs updated_ = 0;
  bool cut_ = false;  ///< No document was found yet, and the front of the log is gone.
};

}  // namespace tailrace
