#include "store/mongodb/garbage.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <vector>

namespace tailrace::mongo {
namespace {

constexpr uint64_t kIdsAtOnce = 1000;
constexpr int64_t kNamesAtOnce = 100;
constexpr int64_t kWriterMs = int64_t{7} * 86'400'000;

struct Garbage {
  bson_oid_t id;
  uint64_t number = 0;
  Position from = 0;
  Position to = 0;
  bool whole = false;
};

Result<void> Delete(mongoc_collection_t* collection, const bson_t& selector) {
  bson_error_t error;
  if (mongoc_collection_delete_many(collection, &selector, nullptr, nullptr, &error)) return {};
  return FailMongo(error.message);
}

Result<void> DeleteIds(mongoc_collection_t* collection, const std::vector<std::string>& ids) {
  const BsonHandle selector(bson_new());
  bson_t& wanted = *selector;
  SelectIds(wanted, ids);
  return Delete(collection, *selector);
}

uint64_t NumberAt(const bson_t& bson, const char* name) {
  bson_iter_t iter;
  return bson_iter_init_find(&iter, &bson, name) ? static_cast<uint64_t>(bson_iter_as_int64(&iter))
                                                 : 0;
}

std::optional<Garbage> ReadGarbage(const bson_t& bson) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, &bson, "_id") || !BSON_ITER_HOLDS_OID(&iter)) return std::nullopt;
  Garbage garbage{.id = *bson_iter_oid(&iter),
                  .number = NumberAt(bson, "number"),
                  .from = NumberAt(bson, "from"),
                  .to = NumberAt(bson, "to")};
  garbage.whole = bson_iter_init_find(&iter, &bson, "whole") && bson_iter_as_bool(&iter);
  return garbage;
}

// False: closing has begun.
Result<bool> Sweep(Link& link, const Garbage& garbage, const Persistence& persistence) {
  for (Position begin = garbage.from; begin < garbage.to;) {
    if (persistence.Closing()) return false;
    std::vector<std::string> ids;
    for (; begin < garbage.to && ids.size() < kIdsAtOnce; ++begin) {
      ids.push_back(EntryId(garbage.number, begin));
    }
    if (auto done = DeleteIds(link.entries(), ids); !done) return Fail(done.error());
  }
  if (garbage.whole) {
    auto done = DeleteIds(link.entries(), {EndId(garbage.number)});
    if (!done) return Fail(done.error());
    const std::string begin = ProducerId(garbage.number, "");
    const std::string end = ProducersEnd(garbage.number);
    const BsonHandle producers(
        BCON_NEW("_id", "{", "$gte", BCON_UTF8(begin.c_str()), "$lt", BCON_UTF8(end.c_str()), "}"));
    done = Delete(link.counts(), *producers);
    if (!done) return Fail(done.error());
  }
  const BsonHandle self(BCON_NEW("_id", BCON_OID(&garbage.id)));
  if (auto done = Delete(link.garbage(), *self); !done) return Fail(done.error());
  return true;
}

}  // namespace

Result<void> SweepGarbage(Link& link, const Persistence& persistence) {
  for (;;) {
    std::vector<Garbage> names;
    const BsonHandle all(bson_new());
    const BsonHandle options(BCON_NEW("limit", BCON_INT64(kNamesAtOnce)));
    auto read = Link::Find(link.garbage(), *all, *options, [&](const bson_t& bson) {
      if (const auto garbage = ReadGarbage(bson)) names.push_back(*garbage);
      return true;
    });
    if (!read) return read;
    if (names.empty()) return {};
    for (const Garbage& garbage : names) {
      const auto swept = Sweep(link, garbage, persistence);
      if (!swept) return Fail(swept.error());
      if (!*swept) return {};
    }
  }
}

Result<void> ForgetWriters(Link& link, TimeNs now) {
  const BsonHandle selector(BCON_NEW("_id", "{", "$gte", BCON_UTF8(WriterId("").c_str()), "$lt",
                                     BCON_UTF8(kWritersEnd), "}", "seen", "{", "$lt",
                                     BCON_DATE_TIME(now / 1'000'000 - kWriterMs), "}"));
  return Delete(link.counts(), *selector);
}

}  // namespace tailrace::mongo
