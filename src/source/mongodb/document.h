// MongoDocument: one document of the portal's collection, `{type, id, log, …}`, as a log's entry.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "log/entry.h"
#include "log/log_key.h"

// libbson's own name; its header belongs into .cc files.
typedef struct _bson_t bson_t;  // NOLINT(readability-identifier-naming)

namespace tailrace {

/// The portal's word for the end of a log.
inline constexpr std::string_view kDoneText = "[DONE]";
/// Other fields of a document beyond this are left out, and that is said in `fields`.
inline constexpr size_t kMaxFieldsBytes = 64 << 10;

struct MongoDocument {
  std::optional<LogKey> key;     ///< Nothing: `type` or `id` can't be the name of a log.
  std::string problem;           ///< Then why.
  bool done = false;             ///< `log` is "[DONE]": no entry but the log's end.
  TimeNs time = 0;               ///< When its ObjectId was made, in whole seconds; 0: unknown.
  std::optional<int64_t> order;  ///< `$recordId`: its place in the collection, if it was asked for.
  std::string text;              ///< `log`; of another type than string: its JSON; absent: empty.
  std::string fields;            ///< {"_id":…, all fields besides type, id and log}.
  uint64_t id_hash = 0;          ///< HashDocumentId(fields).

  /// What it takes in memory, about.
  size_t Bytes() const { return sizeof(MongoDocument) + text.size() + fields.size(); }
};

MongoDocument ReadDocument(const bson_t& bson);

/// Replaces what must not be stored in text and fields by `mask`, but leaves the `_id`. Fields that
/// are no JSON after it become {"_id":…,"redacted":true}.
void MaskDocument(MongoDocument& document, const std::function<void(std::string&)>& mask);

/// Tells documents apart by the `_id` in an entry's `fields`, also when the entry comes from the
/// store. Nothing: the entry is not of a document. Equal only within one process.
std::optional<uint64_t> HashDocumentId(std::string_view fields);

}  // namespace tailrace
