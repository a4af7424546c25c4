// What a store in MongoDB writes: entries and logs as documents.
#pragma once

#include <string>

#include "base/result.h"
#include "log/entry.h"
#include "store/log_state.h"
#include "store/mongodb/layout.h"

// libbson's own name; its header belongs into .cc files.
typedef struct _bson_t bson_t;  // NOLINT(readability-identifier-naming)

namespace tailrace::mongo {

/// A log's document: its state, and who made it so.
struct StoredLog {
  LogState state;
  uint64_t version = 0;     ///< Counts the commits to the log.
  std::string writer;       ///< The process of the last one.
  Position grown_from = 0;  ///< LogInfo::position before it.
  bool ends = false;        ///< It ended the log.
  bool removed = false;     ///< It removed the log; told to change streams only.
};

/// `out` is empty.
void WriteLog(bson_t& out, const StoredLog& log);
/// kCorrupt.
Result<StoredLog> ReadLog(const bson_t& bson);

/// Of a log's memo: what makes its document of none or of the one before. `out` is empty.
void WriteMemoUpdate(bson_t& out, const Memo& memo);
/// Nothing: the document is none.
std::optional<Memo> ReadMemo(const bson_t& bson);

/// What an entry's document says besides the entry.
struct EntryFacts {
  Position position = 0;
  uint64_t text_offset = 0;  ///< Size of a raw download of all entries before it.
  uint64_t encoded_end = 0;  ///< Encoded size of all entries up to it.
  TimeNs stored = 0;         ///< When it was committed; in whole milliseconds.
};

/// `out` is empty.
void WriteEntry(bson_t& out, const LogInfo& info, IdForm form, const EntryFacts& facts,
                const Entry& entry);
/// The portal's sign that there are no more.
void WriteEnd(bson_t& out, const LogInfo& info, IdForm form);

struct StoredEntry {
  EntryFacts facts;
  Entry entry;  ///< Its texts are the document's.
};
/// kCorrupt: somebody has changed it.
Result<StoredEntry> ReadEntry(const bson_t& bson);
/// Of a document with these fields only.
Result<EntryFacts> ReadFacts(const bson_t& bson);

/// An entry of so many encoded bytes or less fits into a document, which has 16 MiB at most.
inline constexpr uint64_t kMaxStoredEntryBytes = 7 << 19;

}  // namespace tailrace::mongo
