// LogReader: all documents of one log, in the order in which the portal's `skip(n)` counts them.
#pragma once

#include <optional>

#include "base/result.h"
#include "log/log_key.h"
#include "mongodb/handles.h"
#include "mongodb/mongo_client.h"
#include "source/mongodb/document.h"

namespace tailrace {

/// Asks for {type, id} without a sort, as the portal does; where documents have `id` as a number
/// and others as a string, the two are merged by their place in the collection. Nothing
/// that may be rolled back is among them.
class LogReader {
 public:
  /// `client` outlives it.
  LogReader(MongoClient& client, const LogKey& key);
  ~LogReader();

  /// False: that was the last one. kUnavailable.
  Result<bool> Next(MongoDocument& document);

 private:
  struct Side {
    MongoHandle<mongoc_cursor_t> cursor;
    std::optional<MongoDocument> next;
    bool ended = false;
  };

  static Result<void> Fill(Side& side);

  bool IsNumberNext();

  Side strings_;
  Side numbers_;
  std::optional<bool> places_known_;  ///< Whether `$recordId` tells places; decided once.
};

}  // namespace tailrace
