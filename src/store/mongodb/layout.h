// Where a store in MongoDB keeps what, and under which `_id` (docs/mongodb-store.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log/entry.h"
#include "mongodb/mongo_client.h"

namespace tailrace::mongo {

/// As what a log's id is written into its entries, if it is a whole number: the portal's code looks
/// for one or the other.
enum class IdForm : uint8_t { kString, kNumber };

struct Place {
  MongoAddress address;  ///< The collection is that of the entries.
  IdForm id_form = IdForm::kNumber;
};

/// The other collections' names are that of the entries' and these.
inline constexpr std::string_view kStateSuffix = ".state";      ///< A document a log.
inline constexpr std::string_view kCountsSuffix = ".counts";    ///< Producers, writers, numbers.
inline constexpr std::string_view kGarbageSuffix = ".garbage";  ///< What is still to be deleted.

/// In the collection of counts.
inline constexpr const char* kFormatId = "format";
inline constexpr const char* kNumbersId = "numbers";
inline constexpr int64_t kFormatVersion = 1;

/// Of an entry: "000000000042.000000000017" for entry 17 of log number 42. Unique, since MongoDB
/// has an index on `_id`: no two processes write the same position. Ordered as the positions are.
std::string EntryId(uint64_t number, Position position);
/// Of the document [DONE] behind the last entry.
std::string EndId(uint64_t number);
/// Of a producer's count; between ProducerId(number, "") and ProducersEnd(number).
std::string ProducerId(uint64_t number, std::string_view producer);
/// Of a log's memo: that of the producer without a name.
std::string MemoId(uint64_t number);
std::string ProducersEnd(uint64_t number);
/// Of how many transactions a process has committed.
std::string WriterId(std::string_view writer);
inline constexpr const char* kWritersEnd = "writer0";  ///< Behind all of them.

}  // namespace tailrace::mongo
