// LogReader: all documents of one log, in the order in which the portal's `skip(n)` counts them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/result.h"
#include "log/log_key.h"
#include "mongodb/handles.h"
#include "mongodb/mongo_client.h"
#include "source/mongodb/document.h"

namespace tailrace {

/// Asks for {type, id} without a sort, as the portal does; where documents have `id` as a number
/// and others as a string, the two are merged by their place in the collection, also while they are
/// written: a document is handed out only if those of the other spelling were looked for after it
/// was read. Nothing that may be rolled back is among them.
class LogReader {
 public:
  /// `client` outlives it.
  LogReader(MongoClient& client, const LogKey& key);
  ~LogReader();

  /// False: that was the last one. kUnavailable.
  Result<bool> Next(MongoDocument& document);

 private:
  /// The documents of one spelling.
  struct Side {
    explicit Side(bson_t* of) : filter(of) {}

    BsonHandle filter;  ///< Null: `id` cannot be spelled so.
    MongoHandle<mongoc_cursor_t> cursor;
    std::deque<MongoDocument> ahead;  ///< Read and not handed out yet.
    uint64_t read = 0;
    std::optional<int64_t> first_place;  ///< MongoDocument::order of the first one.
    size_t checked = 0;  ///< So many of `ahead` were read before the other side's last look.
    bool ended = true;   ///< The cursor has; there may be more by now.

    bool Empty() const { return ahead.empty(); }
  };

  void Look(Side& side);
  static Result<void> Read(Side& side);
  Result<void> Fill(Side& side);
  Result<void> Check(Side& side, Side& other);
  bool IsNumberNext();

  MongoClient& client_;
  Side strings_;
  Side numbers_;
  std::optional<bool> places_known_;  ///< Whether `$recordId` tells places; decided once.
};

}  // namespace tailrace
