// MongoClient: one thread's connection to the MongoDB servers of one URI, and one collection there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "mongodb/handles.h"

namespace tailrace {

struct MongoAddress {
  std::string uri;
  std::string database = "popop";
  std::string collection = "sse_logs";
  std::string section = "mongodb";  ///< Of the settings, for error texts.
};

/// The URI as it may be shown: what stands between ':' and '@' is "***".
std::string MaskPassword(const std::string& uri);

/// kInvalid: the URI, database or collection can't be one. Nothing is connected. Error texts have
/// no password in them.
Result<void> CheckMongoAddress(const MongoAddress& address);

/// The database that the URI names in its path, or `otherwise`.
std::string DatabaseOf(const std::string& uri, std::string otherwise);

/// What the server says about itself.
struct MongoHello {
  bool has_change_streams = false;  ///< Replica set or mongos.
  int32_t wire_version = 0;         ///< The highest one: 8 is MongoDB 4.2, 9 is 4.4.
  /// Of the last write that a read with read concern "majority" has seen before now, or of a later
  /// one, as a change event's `clusterTime`; 0: not known.
  uint64_t time = 0;
};

/// Made anew after a network error: libmongoc's own client would rest for five seconds.
class MongoClient {
 public:
  /// As CheckMongoAddress. Nothing is connected yet.
  static Result<std::unique_ptr<MongoClient>> Make(const MongoAddress& address);
  ~MongoClient();

  /// Asks the primary. kUnavailable.
  Result<MongoHello> Hello();

  mongoc_client_t* client() { return client_.get(); }
  mongoc_collection_t* collection() { return collection_.get(); }

 private:
  MongoClient() = default;

  MongoHandle<mongoc_client_t> client_;
  MongoHandle<mongoc_collection_t> collection_;
};

/// kUnavailable, with the driver's words.
std::unexpected<Error> FailMongo(const char* message);

}  // namespace tailrace
