// Needs a server: TAILRACE_TEST_MONGODB is the URI of one that may be written to. A database of its
// own is made for each test and dropped.
#include "store/mongodb/mongo_store.h"

#include <mongoc/mongoc.h>

#include <cstdlib>

#include "store/conformance_test.h"
#include "store/mongodb/link.h"

namespace tailrace::testing {
namespace {

class TestDatabase {
 public:
  TestDatabase() {
    const char* const uri = std::getenv("TAILRACE_TEST_MONGODB");
    place.address.uri = uri != nullptr ? uri : "";
    // A loaded machine has its time.
    place.address.uri += place.address.uri.find('?') == std::string::npos ? "?" : "&";
    place.address.uri += "socketTimeoutMS=60000";
    place.address.database = "store_" + SystemRandom().Name(10);
  }
  ~TestDatabase() {
    auto link = mongo::Link::Open(place);
    if (!link) return;
    mongoc_database_t* const database =
        mongoc_client_get_database((*link)->client(), place.address.database.c_str());
    mongoc_database_drop(database, nullptr);
    mongoc_database_destroy(database);
  }

  mongo::Place place;
};

struct MongoDriver {
  static constexpr bool kDurable = true;
  void Open(const StoreOptions& options, Random& random) {
    auto opened = OpenMongoStore(database.place, options, &random);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    shared = std::move(*opened);
  }
  void Close() { shared.reset(); }
  LogStore& store() { return *shared; }

  TestDatabase database;
  std::unique_ptr<LogStore> shared;
};

TAILRACE_STORE_TESTS(Mongo, MongoDriver);

}  // namespace
}  // namespace tailrace::testing
