#include "source/mongodb/log_names.h"

#include <mongoc/mongoc.h>

#include <set>

#include "source/mongodb/document.h"

namespace tailrace {

Result<std::vector<LogKey>> ReadLogNames(MongoClient& client, const std::string& type) {
  const BsonHandle all(BCON_NEW("pipeline", "[", "{", "$group", "{", "_id", "{", "type",
                                BCON_UTF8("$type"), "id", BCON_UTF8("$id"), "}", "}", "}", "]"));
  const BsonHandle some(BCON_NEW(
      "pipeline", "[", "{", "$match", "{", "type", BCON_UTF8(type.c_str()), "}", "}", "{", "$group",
      "{", "_id", "{", "type", BCON_UTF8("$type"), "id", BCON_UTF8("$id"), "}", "}", "}", "]"));
  const BsonHandle options(BCON_NEW("allowDiskUse", BCON_BOOL(true)));
  const MongoHandle<mongoc_cursor_t> cursor(
      mongoc_collection_aggregate(client.collection(), MONGOC_QUERY_NONE,
                                  type.empty() ? all.get() : some.get(), options.get(), nullptr));
  std::set<LogKey> names;  // both spellings of an id come
  const bson_t* group = nullptr;
  while (mongoc_cursor_next(cursor.get(), &group)) {
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, group, "_id") || !BSON_ITER_HOLDS_DOCUMENT(&iter)) continue;
    const uint8_t* data = nullptr;
    uint32_t length = 0;
    bson_iter_document(&iter, &length, &data);
    bson_t fields;
    if (!bson_init_static(&fields, data, length)) continue;
    MongoDocument document = ReadDocument(fields);
    if (document.key) names.insert(std::move(*document.key));
  }
  bson_error_t error;
  if (mongoc_cursor_error(cursor.get(), &error)) return FailMongo(error.message);
  return std::vector<LogKey>(names.begin(), names.end());
}

}  // namespace tailrace
