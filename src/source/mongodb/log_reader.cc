#include "source/mongodb/log_reader.h"

#include <mongoc/mongoc.h>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr int32_t kBatchDocuments = 1000;

MongoHandle<mongoc_cursor_t> Find(MongoClient& client, const bson_t& filter) {
  const BsonHandle options(BCON_NEW("batchSize", BCON_INT32(kBatchDocuments), "showRecordId",
                                    BCON_BOOL(true), "readConcern", "{", "level",
                                    BCON_UTF8("majority"), "}"));
  return MongoHandle<mongoc_cursor_t>(
      mongoc_collection_find_with_opts(client.collection(), &filter, options.get(), nullptr));
}

// The number that a program may have written instead of `id`.
std::optional<int64_t> NumberOf(const std::string& id) {
  if (id.size() > 1 && id.front() == '0') return std::nullopt;
  const auto number = ParseDecimal(id);
  if (!number || *number > INT64_MAX) return std::nullopt;
  return static_cast<int64_t>(*number);
}

}  // namespace

LogReader::LogReader(MongoClient& client, const LogKey& key) {
  const BsonHandle by_string(
      BCON_NEW("type", BCON_UTF8(key.type.c_str()), "id", BCON_UTF8(key.id.c_str())));
  strings_.cursor = Find(client, *by_string);
  numbers_.ended = true;
  if (const auto number = NumberOf(key.id)) {
    const BsonHandle by_number(
        BCON_NEW("type", BCON_UTF8(key.type.c_str()), "id", BCON_INT64(*number)));
    numbers_.cursor = Find(client, *by_number);
    numbers_.ended = false;
  }
}

LogReader::~LogReader() = default;

Result<void> LogReader::Fill(Side& side) {
  if (side.next || side.ended) return {};
  const bson_t* bson = nullptr;
  if (mongoc_cursor_next(side.cursor.get(), &bson)) {
    side.next = ReadDocument(*bson);
    return {};
  }
  bson_error_t error;
  if (mongoc_cursor_error(side.cursor.get(), &error)) return FailMongo(error.message);
  side.ended = true;
  return {};
}

// By ObjectIds where the server does not tell places, or gives each answer's documents numbers of
// their own, as imitations of MongoDB do.
bool LogReader::IsNumberNext() {
  if (!strings_.next || !numbers_.next) return numbers_.next.has_value();
  const auto& a = numbers_.next->order;
  const auto& b = strings_.next->order;
  if (!places_known_) places_known_ = a && b && *a != *b;
  return *places_known_ ? a < b : numbers_.next->fields < strings_.next->fields;
}

Result<bool> LogReader::Next(MongoDocument& document) {
  for (Side* const side : {&strings_, &numbers_}) {
    if (auto ok = Fill(*side); !ok) return Fail(ok.error());
  }
  Side& from = IsNumberNext() ? numbers_ : strings_;
  if (!from.next) return false;
  document = std::move(*from.next);
  from.next.reset();
  return true;
}

}  // namespace tailrace
