#include "store/rocksdb/rocksdb_store.h"

#include "store/conformance_test.h"
#include "store/rocksdb/temp_directory.h"

namespace tailrace::testing {
namespace {

struct RocksDbDriver {
  static constexpr bool kDurable = true;
  void Open(const StoreOptions& options, Random& random) {
    auto opened = OpenRocksDbStore(directory.path(), options, {.random = &random});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    embedded = std::move(*opened);
  }
  void Close() { embedded.reset(); }
  LogStore& store() { return *embedded; }

  TempDirectory directory;
  std::unique_ptr<LogStore> embedded;
};

TAILRACE_STORE_TESTS(RocksDb, RocksDbDriver);

}  // namespace
}  // namespace tailrace::testing
