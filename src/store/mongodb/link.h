// Link: one thread's connection to the store's collections, and what all threads do with them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mongodb/handles.h"
#include "mongodb/mongo_client.h"
#include "store/mongodb/documents.h"
#include "store/mongodb/layout.h"

namespace tailrace::mongo {

/// Makes an empty filter one for documents with these `_id`s.
void SelectIds(bson_t& filter, const std::vector<std::string>& ids);

/// Reads see what a majority of the servers has, by the primary; writes outside of a transaction
/// return when a majority has them. After a kUnavailable it is of no more use. One thread.
class Link {
 public:
  /// kUnavailable; kInvalid as CheckMongoAddress. Connects with its first use.
  static Result<std::unique_ptr<Link>> Open(const Place& place);

  mongoc_client_t* client() { return client_->client(); }
  MongoClient& mongo() { return *client_; }
  mongoc_collection_t* entries() { return entries_.get(); }
  mongoc_collection_t* state() { return state_.get(); }
  mongoc_collection_t* counts() { return counts_.get(); }
  mongoc_collection_t* garbage() { return garbage_.get(); }

  /// Calls `visit` for what `filter` finds, until it returns false. kUnavailable.
  static Result<void> Find(mongoc_collection_t* collection, const bson_t& filter,
                           const bson_t& options, const std::function<bool(BsonView)>& visit);
  /// The same for the documents with these `_id`s, in the order of the `_id`s. `fields` is a
  /// projection, or null.
  static Result<void> FindIds(mongoc_collection_t* collection, const std::vector<std::string>& ids,
                              const bson_t* fields, const std::function<bool(BsonView)>& visit);
  /// Nothing: there is no such log. kUnavailable, kCorrupt.
  Result<std::optional<StoredLog>> FindLog(const LogKey& key);

 private:
  Link() = default;

  std::unique_ptr<MongoClient> client_;
  MongoHandle<mongoc_collection_t> entries_;
  MongoHandle<mongoc_collection_t> state_;
  MongoHandle<mongoc_collection_t> counts_;
  MongoHandle<mongoc_collection_t> garbage_;
};

/// Links for whoever comes: as many as there are threads at the same time. Any thread.
class LinkPool {
 public:
  explicit LinkPool(Place place) : place_(std::move(place)) {}

  /// Calls `work` with a link; once more with a new one if a kept one turns out to be broken.
  template <typename T>
  Result<T> Use(const std::function<Result<T>(Link&)>& work) {
    if (std::unique_ptr<Link> kept = Take()) {
      Result<T> done = work(*kept);
      if (done || done.error().code != ErrorCode::kUnavailable) {
        Keep(std::move(kept));
        return done;
      }
    }
    Result<std::unique_ptr<Link>> opened = Link::Open(place_);
    if (!opened) return Fail(opened.error());
    Result<T> done = work(**opened);
    if (done || done.error().code != ErrorCode::kUnavailable) Keep(std::move(*opened));
    return done;
  }

 private:
  std::unique_ptr<Link> Take();
  void Keep(std::unique_ptr<Link> link);

  const Place place_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Link>> links_;  ///< Guarded by mutex_.
};

}  // namespace tailrace::mongo
