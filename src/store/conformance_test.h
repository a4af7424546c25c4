// What every LogStore must do. A store's test file includes this, defines a driver and instantiates
// all of it with TAILRACE_STORE_TESTS(prefix, Driver):
//
//   struct Driver {
//     static constexpr bool kDurable;            // opening again finds everything
//     void Open(const StoreOptions&, Random&);   // an empty store at first; both outlive Close
//     void Close();
//     LogStore& store();
//   };
#pragma once

#include "store/conformance_appends.h"
#include "store/conformance_history.h"
#include "store/conformance_life.h"
#include "store/conformance_reads.h"

#define TAILRACE_STORE_TESTS(prefix, Driver)                    \
  INSTANTIATE_TYPED_TEST_SUITE_P(prefix, StoreAppends, Driver); \
  INSTANTIATE_TYPED_TEST_SUITE_P(prefix, StoreReads, Driver);   \
  INSTANTIATE_TYPED_TEST_SUITE_P(prefix, StoreLife, Driver);    \
  INSTANTIATE_TYPED_TEST_SUITE_P(prefix, StoreHistory, Driver)
