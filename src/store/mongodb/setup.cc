#include "store/mongodb/setup.h"

#include <mongoc/mongoc.h>

namespace tailrace::mongo {
namespace {

/// MongoDB 4.4: collections can be made and written to in a transaction.
constexpr int32_t kLeastWireVersion = 9;
constexpr uint32_t kNamespaceExists = 48;

Result<void> CheckServer(Link& link, const Place& place) {
  const Result<MongoHello> hello = link.mongo().Hello();
  if (!hello) {
    return Fail(hello.error().code, MaskPassword(place.address.uri) + ": " + hello.error().message);
  }
  if (!hello->has_change_streams) {
    return Fail(ErrorCode::kInvalid,
                "store.uri: " + MaskPassword(place.address.uri) +
                    " is a stand-alone server; the store needs transactions and change streams, "
                    "which a replica set has (one of a single server will do: mongod --replSet)");
  }
  if (hello->wire_version < kLeastWireVersion) {
    return Fail(ErrorCode::kInvalid, "store.uri: " + MaskPassword(place.address.uri) +
                                         " is older than MongoDB 4.4, which the store needs");
  }
  return {};
}

Result<void> MakeCollections(Link& link, const Place& place) {
  for (const std::string_view suffix :
       {std::string_view(), kStateSuffix, kCountsSuffix, kGarbageSuffix}) {
    const std::string name = place.address.collection + std::string(suffix);
    const BsonHandle command(BCON_NEW("create", BCON_UTF8(name.c_str())));
    bson_t reply;
    bson_error_t error;
    const bool ok = mongoc_client_command_simple(link.client(), place.address.database.c_str(),
                                                 command.get(), nullptr, &reply, &error);
    bson_destroy(&reply);
    if (!ok && error.code != kNamespaceExists) return FailMongo(error.message);
  }
  return {};
}

// `spec` is the createIndexes command's list.
Result<void> MakeIndex(Link& link, const Place& place, std::string_view suffix,
                       const BsonHandle& keys, const char* name, bool unique) {
  const std::string collection = place.address.collection + std::string(suffix);
  const BsonHandle command(BCON_NEW("createIndexes", BCON_UTF8(collection.c_str()), "indexes", "[",
                                    "{", "key", BCON_DOCUMENT(keys.get()), "name", BCON_UTF8(name),
                                    "unique", BCON_BOOL(unique), "}", "]"));
  bson_t reply;
  bson_error_t error;
  const bool ok = mongoc_client_command_simple(link.client(), place.address.database.c_str(),
                                               command.get(), nullptr, &reply, &error);
  bson_destroy(&reply);
  if (!ok) return FailMongo(error.message);
  return {};
}

// The first one who comes makes it.
Result<void> MakeCount(Link& link, const char* id, const char* field, int64_t value) {
  const BsonHandle selector(BCON_NEW("_id", BCON_UTF8(id)));
  const BsonHandle update(BCON_NEW("$setOnInsert", "{", field, BCON_INT64(value), "}"));
  const BsonHandle options(BCON_NEW("upsert", BCON_BOOL(true)));
  bson_error_t error;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (mongoc_collection_update_one(link.counts(), selector.get(), update.get(), options.get(),
                                     nullptr, &error)) {
      return {};
    }
  }
  return FailMongo(error.message);
}

Result<void> CheckFormat(Link& link, const Place& place) {
  int64_t version = 0;
  auto read = Link::FindIds(link.counts(), {kFormatId}, nullptr, [&](const bson_t& bson) {
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, &bson, "version")) version = bson_iter_as_int64(&iter);
    return false;
  });
  if (!read || version == kFormatVersion) return read;
  return Fail(ErrorCode::kCorrupt, place.address.database + "." + place.address.collection +
                                       " has format " + std::to_string(version) +
                                       "; this program knows format " +
                                       std::to_string(kFormatVersion));
}

}  // namespace

Result<void> SetUp(Link& link, const Place& place) {
  if (auto ok = CheckServer(link, place); !ok) return ok;
  if (auto ok = MakeCollections(link, place); !ok) return ok;
  const BsonHandle by_log(BCON_NEW("type", BCON_INT32(1), "id", BCON_INT32(1)));
  if (auto ok = MakeIndex(link, place, "", by_log, "type_1_id_1", false); !ok) return ok;
  const BsonHandle by_number(BCON_NEW("number", BCON_INT32(-1)));
  if (auto ok = MakeIndex(link, place, kStateSuffix, by_number, "number_-1", true); !ok) return ok;
  if (auto ok = MakeCount(link, kNumbersId, "next", 1); !ok) return ok;
  if (auto ok = MakeCount(link, kFormatId, "version", kFormatVersion); !ok) return ok;
  return CheckFormat(link, place);
}

Result<uint64_t> CountLogs(Link& link) {
  const BsonHandle all(bson_new());
  bson_error_t error;
  const int64_t count =
      mongoc_collection_count_documents(link.state(), all.get(), nullptr, nullptr, nullptr, &error);
  if (count < 0) return FailMongo(error.message);
  return static_cast<uint64_t>(count);
}

}  // namespace tailrace::mongo
