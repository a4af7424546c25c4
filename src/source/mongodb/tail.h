// Tail: the new documents of the collection, of all logs, by one reader.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "mongodb/mongo_client.h"
#include "source/mongodb/document.h"
#include "source/mongodb/document_ids.h"

namespace tailrace {

struct TailEvent {
  enum class Kind : uint8_t {
    kDocument,  ///< Was inserted.
    kEdited,    ///< A document was changed; `document` is empty, as of all below.
    kDeleted,
    kNothing,  ///< Only `state` and `stamp` are new.
    kReset,    ///< Made by who follows: what happened before was not seen by this tail.
  };
  Kind kind = Kind::kNothing;
  MongoDocument document;
  /// Everything with a lower one came before. Grows, also over reconnects; 0: not known.
  uint64_t stamp = 0;
  /// From where a new Tail goes on behind this event; empty: as of the event before.
  std::string state;
  TimeNs time = 0;  ///< By the server's clock in whole seconds; 0: unknown.
};

enum class TailMode : uint8_t { kAuto, kStream, kPoll };

struct TailOptions {
  MongoAddress address;
  TailMode mode = TailMode::kAuto;
  uint64_t poll_interval_ms = 150;
  uint64_t look_back_ms = 30'000;  ///< Polling: how late a document may come, by its `_id`.
  const Clock* clock = &Clock::System();
};

/// What outlives one Tail. Any thread.
struct TailShared {
  std::atomic<uint64_t> polls = 0;    ///< The stamp of the last poll that has read all it was to.
  std::atomic<uint64_t> queries = 0;  ///< Queries begun.
  std::atomic<bool> stopping = false;
  SeenDocuments seen;  ///< The reader's: of all polls so far.
};

/// One thread.
class Tail {
 public:
  virtual ~Tail() = default;
  /// Blocks for half a second at most while there is nothing. kUnavailable: the connection is lost,
  /// open another one. kConflict: nobody can go on from here; open another one without a state.
  virtual Result<std::vector<TailEvent>> Next() = 0;
};

struct OpenedTail {
  std::unique_ptr<Tail> tail;
  bool streams = false;     ///< By change stream; its stamps are cluster times.
  bool continuous = false;  ///< Goes on exactly from `state`. Otherwise from now on.
};

/// `state` of an earlier tail, or empty. `shared` outlives the tail. kInvalid, kUnavailable.
Result<OpenedTail> OpenTail(const TailOptions& options, const std::string& state,
                            TailShared& shared);

// By kind; `client` is theirs. kConflict: `state` is too old or none of theirs.
Result<std::unique_ptr<Tail>> OpenChangeStream(std::unique_ptr<MongoClient> client,
                                               const std::string& state, TailShared& shared);
Result<std::unique_ptr<Tail>> OpenPolling(std::unique_ptr<MongoClient> client,
                                          const TailOptions& options, const std::string& state,
                                          TailShared& shared);

}  // namespace tailrace
