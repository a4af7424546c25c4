#include "store/rocksdb/rocksdb_store.h"

#include "store/conformance_test.h"
#include "store/history_test.h"
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

INSTANTIATE_TYPED_TEST_SUITE_P(RocksDb, StoreConformance, RocksDbDriver);
INSTANTIATE_TYPED_TEST_SUITE_P(RocksDb, StoreHistory, RocksDbDriver);

}  // namespace
}  // namespace tailrace::testing
