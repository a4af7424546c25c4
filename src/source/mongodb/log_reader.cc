#include "source/mongodb/log_reader.h"

#include <mongoc/mongoc.h>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr int32_t kBatchDocuments = 1000;
constexpr size_t kMostAheadBytes = 1 << 20;

// The number that a program may have written instead of `id`.
std::optional<int64_t> NumberOf(const std::string& id) {
  if (id.size() > 1 && id.front() == '0') return std::nullopt;
  const auto number = ParseDecimal(id);
  if (!number || *number > INT64_MAX) return std::nullopt;
  return static_cast<int64_t>(*number);
}

bson_t* ByString(const LogKey& key) {
  return BCON_NEW("type", BCON_UTF8(key.type.c_str()), "id", BCON_UTF8(key.id.c_str()));
}

bson_t* ByNumber(const LogKey& key) {
  const auto number = NumberOf(key.id);
  if (!number) return nullptr;
  return BCON_NEW("type", BCON_UTF8(key.type.c_str()), "id", BCON_INT64(*number));
}

}  // namespace

LogReader::LogReader(MongoClient& client, const LogKey& key)
    : client_(client), strings_(ByString(key)), numbers_(ByNumber(key)) {
  Look(strings_);
  Look(numbers_);
}

LogReader::~LogReader() = default;

// For what there is behind the documents that were read.
void LogReader::Look(Side& side) {
  if (side.filter == nullptr) return;
  const BsonHandle options(BCON_NEW(
      "batchSize", BCON_INT32(kBatchDocuments), "skip", BCON_INT64(static_cast<int64_t>(side.read)),
      "showRecordId", BCON_BOOL(true), "readConcern", "{", "level", BCON_UTF8("majority"), "}"));
  side.cursor.reset(mongoc_collection_find_with_opts(client_.collection(), side.filter.get(),
                                                     options.get(), nullptr));
  side.ended = false;
}

// One document more, or the cursor's end.
Result<void> LogReader::Read(Side& side) {
  const bson_t* bson = nullptr;
  if (mongoc_cursor_next(side.cursor.get(), &bson)) {
    side.ahead.push_back(ReadDocument(*bson));
    if (side.read++ == 0) side.first_place = side.ahead.back().order;
    return {};
  }
  bson_error_t error;
  if (mongoc_cursor_error(side.cursor.get(), &error)) return FailMongo(error.message);
  side.ended = true;
  return {};
}

Result<void> LogReader::Fill(Side& side) {
  return side.Empty() && !side.ended ? Read(side) : Result<void>();
}

// The other side has no more, or had none when it was asked last; what was written to it since then
// may come before what `side` has.
Result<void> LogReader::Check(Side& side, Side& other) {
  size_t bytes = 0;
  while (!side.ended && side.ahead.size() < kBatchDocuments && bytes < kMostAheadBytes) {
    if (auto ok = Read(side); !ok) return ok;
    bytes += side.ended ? 0 : side.ahead.back().Bytes();
  }
  side.checked = side.ahead.size();
  Look(other);
  return Fill(other);
}

// By ObjectIds where the server does not tell places, or gives each answer's documents numbers of
// their own, as imitations of MongoDB do.
bool LogReader::IsNumberNext() {
  if (strings_.Empty() || numbers_.Empty()) return strings_.Empty();
  const MongoDocument& number = numbers_.ahead.front();
  const MongoDocument& string = strings_.ahead.front();
  if (!places_known_) {
    const auto& a = numbers_.first_place;
    const auto& b = strings_.first_place;
    places_known_ = a && b && *a != *b;
  }
  return *places_known_ ? number.order < string.order : number.fields < string.fields;
}

Result<bool> LogReader::Next(MongoDocument& document) {
  for (Side* const side : {&strings_, &numbers_}) {
    if (auto ok = Fill(*side); !ok) return Fail(ok.error());
  }
  Side* from = IsNumberNext() ? &numbers_ : &strings_;
  if (from->Empty()) return false;
  Side& other = from == &numbers_ ? strings_ : numbers_;
  if (other.Empty() && other.filter != nullptr && from->checked == 0) {
    if (auto ok = Check(*from, other); !ok) return Fail(ok.error());
    from = IsNumberNext() ? &numbers_ : &strings_;
  }
  document = std::move(from->ahead.front());
  from->ahead.pop_front();
  if (from->checked > 0) --from->checked;
  return true;
}

}  // namespace tailrace
