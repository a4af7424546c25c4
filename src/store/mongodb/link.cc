#include "store/mongodb/link.h"

#include <mongoc/mongoc.h>

namespace tailrace::mongo {
namespace {

struct ConcernDestroy {
  void operator()(mongoc_read_concern_t* concern) const { mongoc_read_concern_destroy(concern); }
  void operator()(mongoc_write_concern_t* concern) const { mongoc_write_concern_destroy(concern); }
  void operator()(mongoc_read_prefs_t* prefs) const { mongoc_read_prefs_destroy(prefs); }
};

MongoHandle<mongoc_collection_t> Collection(mongoc_client_t* client, const Place& place,
                                            std::string_view suffix) {
  MongoHandle<mongoc_collection_t> collection(
      mongoc_client_get_collection(client, place.address.database.c_str(),
                                   (place.address.collection + std::string(suffix)).c_str()));
  const std::unique_ptr<mongoc_read_concern_t, ConcernDestroy> read(mongoc_read_concern_new());
  mongoc_read_concern_set_level(read.get(), MONGOC_READ_CONCERN_LEVEL_MAJORITY);
  mongoc_collection_set_read_concern(collection.get(), read.get());
  const std::unique_ptr<mongoc_write_concern_t, ConcernDestroy> write(mongoc_write_concern_new());
  mongoc_write_concern_set_wmajority(write.get(), 0);
  mongoc_collection_set_write_concern(collection.get(), write.get());
  // Whatever the URI says: others may be behind.
  const std::unique_ptr<mongoc_read_prefs_t, ConcernDestroy> primary(
      mongoc_read_prefs_new(MONGOC_READ_PRIMARY));
  mongoc_collection_set_read_prefs(collection.get(), primary.get());
  return collection;
}

}  // namespace

Result<std::unique_ptr<Link>> Link::Open(const Place& place) {
  auto client = MongoClient::Make(place.address);
  if (!client) return Fail(client.error());
  std::unique_ptr<Link> link(new Link);
  link->client_ = std::move(*client);
  link->entries_ = Collection(link->client(), place, "");
  link->state_ = Collection(link->client(), place, kStateSuffix);
  link->counts_ = Collection(link->client(), place, kCountsSuffix);
  link->garbage_ = Collection(link->client(), place, kGarbageSuffix);
  return link;
}

Result<void> Link::Find(mongoc_collection_t* collection, const bson_t& filter,
                        const bson_t& options, const std::function<bool(BsonView)>& visit) {
  const MongoHandle<mongoc_cursor_t> cursor(
      mongoc_collection_find_with_opts(collection, &filter, &options, nullptr));
  const bson_t* found = nullptr;
  while (mongoc_cursor_next(cursor.get(), &found)) {
    if (!visit(*found)) return {};
  }
  bson_error_t error;
  if (mongoc_cursor_error(cursor.get(), &error)) return FailMongo(error.message);
  return {};
}

void SelectIds(bson_t& filter, const std::vector<std::string>& ids) {
  bson_t in;
  bson_t array;
  BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &in);
  BSON_APPEND_ARRAY_BEGIN(&in, "$in", &array);
  uint32_t index = 0;
  for (const std::string& id : ids) {
    char digits[16];
    const char* key = nullptr;
    bson_uint32_to_string(index++, &key, digits, sizeof digits);
    bson_append_utf8(&array, key, -1, id.data(), static_cast<int>(id.size()));
  }
  bson_append_array_end(&in, &array);
  bson_append_document_end(&filter, &in);
}

Result<void> Link::FindIds(mongoc_collection_t* collection, const std::vector<std::string>& ids,
                           const bson_t* fields, const std::function<bool(BsonView)>& visit) {
  const BsonHandle filter(bson_new());
  bson_t& wanted = *filter;
  SelectIds(wanted, ids);
  const BsonHandle options(BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}"));
  bson_t& how = *options;
  if (fields != nullptr) BSON_APPEND_DOCUMENT(&how, "projection", fields);
  return Find(collection, *filter, *options, visit);
}

Result<std::optional<StoredLog>> Link::FindLog(const LogKey& key) {
  std::optional<Result<StoredLog>> log;
  const auto found = FindIds(state(), {key.Path()}, nullptr, [&](const bson_t& bson) {
    log = ReadLog(bson);
    return false;
  });
  if (!found) return Fail(found.error());
  if (!log) return std::nullopt;
  if (!*log) return Fail(log->error());
  return std::move(**log);
}

std::unique_ptr<Link> LinkPool::Take() {
  const std::lock_guard lock(mutex_);
  if (links_.empty()) return nullptr;
  std::unique_ptr<Link> link = std::move(links_.back());
  links_.pop_back();
  return link;
}

void LinkPool::Keep(std::unique_ptr<Link> link) {
  const std::lock_guard lock(mutex_);
  links_.push_back(std::move(link));
}

}  // namespace tailrace::mongo
