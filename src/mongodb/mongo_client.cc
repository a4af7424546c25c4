#include "mongodb/mongo_client.h"

#include <mongoc/mongoc.h>

namespace tailrace {
namespace {

// Short enough that a cut network is noticed in seconds; a URI may say otherwise.
constexpr int32_t kConnectTimeoutMs = 3'000;
constexpr int32_t kSocketTimeoutMs = 5'000;
constexpr int32_t kSelectionTimeoutMs = 3'000;

struct Driver {
  Driver() {
    mongoc_init();
    mongoc_log_set_handler(nullptr, nullptr);
  }
  ~Driver() { mongoc_cleanup(); }
};

void UseDriver() {
  static const Driver kDriver;
}

struct UriDestroy {
  void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
};
using UriHandle = std::unique_ptr<mongoc_uri_t, UriDestroy>;

Result<UriHandle> ParseUri(const std::string& text) {
  UseDriver();
  bson_error_t error;
  UriHandle uri(mongoc_uri_new_with_error(text.c_str(), &error));
  if (uri == nullptr) {
    // The driver's words may quote a part of the URI.
    return Fail(ErrorCode::kInvalid,
                MaskPassword(text) + " is not a MongoDB URI, as in mongodb://127.0.0.1:27017/");
  }
  for (const auto& [option, value] : {std::pair{MONGOC_URI_CONNECTTIMEOUTMS, kConnectTimeoutMs},
                                      {MONGOC_URI_SOCKETTIMEOUTMS, kSocketTimeoutMs},
                                      {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, kSelectionTimeoutMs}}) {
    if (!mongoc_uri_has_option(uri.get(), option)) {
      mongoc_uri_set_option_as_int32(uri.get(), option, value);
    }
  }
  return uri;
}

Result<void> CheckName(const std::string& setting, const std::string& name,
                       std::string_view forbidden) {
  const bool is_fine = !name.empty() && name.size() <= 120 && name.front() != '.' &&
                       name.find_first_of(forbidden) == std::string::npos &&
                       name.find('\0') == std::string::npos;
  if (is_fine) return {};
  return Fail(ErrorCode::kInvalid, setting + ": '" + name + "' cannot be a name in MongoDB");
}

// 0: there is no such field.
uint64_t TimestampAt(const bson_t& reply, const char* path) {
  bson_iter_t iter;
  bson_iter_t found;
  if (!bson_iter_init(&iter, &reply) || !bson_iter_find_descendant(&iter, path, &found) ||
      !BSON_ITER_HOLDS_TIMESTAMP(&found)) {
    return 0;
  }
  uint32_t seconds = 0;
  uint32_t increment = 0;
  bson_iter_timestamp(&found, &seconds, &increment);
  return (static_cast<uint64_t>(seconds) << 32) | increment;
}

MongoHello ReadHello(const bson_t& reply) {
  bson_iter_t iter;
  const bool is_mongos = bson_iter_init_find(&iter, &reply, "msg") && BSON_ITER_HOLDS_UTF8(&iter) &&
                         std::string_view(bson_iter_utf8(&iter, nullptr)) == "isdbgrid";
  MongoHello hello;
  if (bson_iter_init_find(&iter, &reply, "maxWireVersion") && BSON_ITER_HOLDS_NUMBER(&iter)) {
    hello.wire_version = static_cast<int32_t>(bson_iter_as_int64(&iter));
  }
  hello.has_change_streams = is_mongos || bson_has_field(&reply, "setName");
  hello.time = TimestampAt(reply, is_mongos ? "operationTime" : "lastWrite.majorityOpTime.ts");
  return hello;
}

}  // namespace

BsonHandle::~BsonHandle() {
  // The header's declaration has no alignment, the library's own objects have theirs.
  bson_destroy(static_cast<bson_t*>(__builtin_assume_aligned(bson_, alignof(bson_t))));
}
void MongoDestroy::operator()(mongoc_bulk_operation_t* bulk) const {
  mongoc_bulk_operation_destroy(bulk);
}
void MongoDestroy::operator()(mongoc_change_stream_t* stream) const {
  mongoc_change_stream_destroy(stream);
}
void MongoDestroy::operator()(mongoc_client_session_t* session) const {
  mongoc_client_session_destroy(session);
}
void MongoDestroy::operator()(mongoc_client_t* client) const {
  mongoc_client_destroy(client);
}
void MongoDestroy::operator()(mongoc_collection_t* collection) const {
  mongoc_collection_destroy(collection);
}
void MongoDestroy::operator()(mongoc_cursor_t* cursor) const {
  mongoc_cursor_destroy(cursor);
}

std::string MaskPassword(const std::string& uri) {
  const size_t scheme = uri.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t at = uri.rfind('@');
  const size_t colon = uri.find(':', begin);
  if (at == std::string::npos || colon == std::string::npos || colon > at) return uri;
  return uri.substr(0, colon + 1) + "***" + uri.substr(at);
}

Result<void> CheckMongoAddress(const MongoAddress& address) {
  if (const Result<UriHandle> uri = ParseUri(address.uri); !uri) {
    return Fail(ErrorCode::kInvalid, address.section + ".uri: " + uri.error().message);
  }
  auto ok = CheckName(address.section + ".database", address.database, "/\\. \"$");
  return ok ? CheckName(address.section + ".collection", address.collection, "$") : ok;
}

Result<std::unique_ptr<MongoClient>> MongoClient::Make(const MongoAddress& address) {
  if (auto ok = CheckMongoAddress(address); !ok) return Fail(ok.error());
  const Result<UriHandle> uri = ParseUri(address.uri);
  if (!uri) return Fail(uri.error());
  bson_error_t error;
  std::unique_ptr<MongoClient> made(new MongoClient);
  made->client_.reset(mongoc_client_new_from_uri_with_error(uri->get(), &error));
  if (made->client_ == nullptr) {
    return Fail(ErrorCode::kInvalid, address.section + ".uri: the driver refused");
  }
  mongoc_client_set_error_api(made->client_.get(), MONGOC_ERROR_API_VERSION_2);
  mongoc_client_set_appname(made->client_.get(), "tailrace");
  made->collection_.reset(mongoc_client_get_collection(
      made->client_.get(), address.database.c_str(), address.collection.c_str()));
  return made;
}

std::string DatabaseOf(const std::string& uri, std::string otherwise) {
  const Result<UriHandle> parsed = ParseUri(uri);
  const char* const named = parsed ? mongoc_uri_get_database(parsed->get()) : nullptr;
  return named != nullptr ? named : std::move(otherwise);
}

MongoClient::~MongoClient() = default;

Result<MongoHello> MongoClient::Hello() {
  const BsonHandle command(BCON_NEW("hello", BCON_INT32(1)));
  bson_t reply;
  bson_error_t error;
  const bool ok =
      mongoc_client_command_simple(client_.get(), "admin", command.get(), nullptr, &reply, &error);
  const MongoHello hello = ok ? ReadHello(reply) : MongoHello();
  bson_destroy(&reply);
  if (!ok) return FailMongo(error.message);
  return hello;
}

std::unexpected<Error> FailMongo(const char* message) {
  return Fail(ErrorCode::kUnavailable, std::string("MongoDB: ") + message);
}

}  // namespace tailrace
