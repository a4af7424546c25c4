// Tail by change stream: the server tells of each insert as soon as a majority has it.
#include <mongoc/mongoc.h>

#include "source/mongodb/tail.h"

namespace tailrace {
namespace {

constexpr int64_t kAwaitMs = 500;
constexpr int32_t kBatchDocuments = 1000;

// Error codes of the server (its error_codes.yml).
constexpr uint32_t kInvalidResumeToken = 260;
constexpr uint32_t kChangeStreamFatal = 280;
constexpr uint32_t kChangeStreamHistoryLost = 286;
constexpr uint32_t kCappedPositionLost = 136;
constexpr uint32_t kFailedToParse = 9;
constexpr uint32_t kBadValue = 2;

bool IsBeyondRepair(const bson_error_t& error) {
  switch (error.code) {
    case kInvalidResumeToken:
    case kChangeStreamFatal:
    case kChangeStreamHistoryLost:
    case kCappedPositionLost:
    case kFailedToParse:
    case kBadValue:
      return error.domain == MONGOC_ERROR_SERVER;
    default:
      return false;
  }
}

std::string TokenText(const bson_t* token) {
  if (token == nullptr) return "";
  size_t length = 0;
  char* const json = bson_as_canonical_extended_json(token, &length);
  std::string text = json == nullptr ? "" : std::string(json, length);
  bson_free(json);
  return text;
}

TailEvent::Kind KindOf(std::string_view operation) {
  if (operation == "insert") return TailEvent::Kind::kDocument;
  if (operation == "update" || operation == "replace") return TailEvent::Kind::kEdited;
  return operation == "delete" ? TailEvent::Kind::kDeleted : TailEvent::Kind::kNothing;
}

class ChangeStreamTail final : public Tail {
 public:
  ChangeStreamTail(std::unique_ptr<MongoClient> client, MongoHandle<mongoc_change_stream_t> stream)
      : client_(std::move(client)), stream_(std::move(stream)) {}

  Result<std::vector<TailEvent>> Next() override {
    std::vector<TailEvent> events(1);
    const uint64_t passed = PassedTime();
    const bson_t* change = nullptr;
    if (mongoc_change_stream_next(stream_.get(), &change)) {
      Read(*change, events[0]);
      if (is_gone_) return Fail(ErrorCode::kConflict, "MongoDB: the collection was dropped");
    } else if (auto ok = CheckError(); !ok) {
      return Fail(ok.error());
    } else {
      events[0].stamp = passed;
    }
    is_idle_ = events[0].kind == TailEvent::Kind::kNothing;
    events[0].state = TokenText(mongoc_change_stream_get_resume_token(stream_.get()));
    return events;
  }

  Result<void> CheckError() const {
    bson_error_t error;
    const bson_t* reply = nullptr;
    if (!mongoc_change_stream_error_document(stream_.get(), &error, &reply)) return {};
    if (IsBeyondRepair(error)) {
      return Fail(ErrorCode::kConflict, std::string("MongoDB: ") + error.message);
    }
    return FailMongo(error.message);
  }

 private:
  // Up to when there is nothing more to be told, should there be nothing now. It lets logs that
  // were read by other ways know that the stream has passed that time.
  uint64_t PassedTime() const {
    if (!is_idle_) return 0;
    const Result<MongoHello> hello = client_->Hello();
    return hello ? hello->time : 0;
  }

  void Read(const bson_t& change, TailEvent& event) {
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, &change, "operationType") && BSON_ITER_HOLDS_UTF8(&iter)) {
      const std::string_view operation = bson_iter_utf8(&iter, nullptr);
      event.kind = KindOf(operation);
      is_gone_ = operation == "drop" || operation == "rename" || operation == "dropDatabase" ||
                 operation == "invalidate";
    }
    if (bson_iter_init_find(&iter, &change, "clusterTime") && BSON_ITER_HOLDS_TIMESTAMP(&iter)) {
      uint32_t seconds = 0;
      uint32_t increment = 0;
      bson_iter_timestamp(&iter, &seconds, &increment);
      event.stamp = (static_cast<uint64_t>(seconds) << 32) | increment;
      event.time = static_cast<TimeNs>(seconds) * 1'000'000'000;
    }
    if (event.kind != TailEvent::Kind::kDocument) return;
    const bool has_document =
        bson_iter_init_find(&iter, &change, "fullDocument") && BSON_ITER_HOLDS_DOCUMENT(&iter);
    if (!has_document) {
      event.kind = TailEvent::Kind::kNothing;
      return;
    }
    const uint8_t* data = nullptr;
    uint32_t length = 0;
    bson_iter_document(&iter, &length, &data);
    bson_t document;
    if (bson_init_static(&document, data, length)) event.document = ReadDocument(document);
  }

  const std::unique_ptr<MongoClient> client_;
  const MongoHandle<mongoc_change_stream_t> stream_;  // before its client is gone
  bool is_gone_ = false;
  bool is_idle_ = true;
};

}  // namespace

Result<std::unique_ptr<Tail>> OpenChangeStream(std::unique_ptr<MongoClient> client,
                                               const std::string& state, TailShared& shared) {
  bson_error_t error;
  const BsonHandle options(
      BCON_NEW("batchSize", BCON_INT32(kBatchDocuments), "maxAwaitTimeMS", BCON_INT64(kAwaitMs)));
  if (!state.empty()) {
    const BsonHandle token(bson_new_from_json(reinterpret_cast<const uint8_t*>(state.data()),
                                              static_cast<ssize_t>(state.size()), &error));
    if (token == nullptr || bson_has_field(token.get(), "poll")) {
      return Fail(ErrorCode::kConflict, "MongoDB: the state is not of a change stream");
    }
    BSON_APPEND_DOCUMENT(options.get(), "resumeAfter", token.get());
  }
  // Nothing of an edited document is needed but that there was one.
  const BsonHandle pipeline(BCON_NEW("pipeline", "[", "{", "$project", "{", "operationType",
                                     BCON_INT32(1), "clusterTime", BCON_INT32(1), "fullDocument",
                                     BCON_INT32(1), "ns", BCON_INT32(1), "documentKey",
                                     BCON_INT32(1), "}", "}", "]"));
  shared.queries.fetch_add(1);
  MongoHandle<mongoc_change_stream_t> stream(
      mongoc_collection_watch(client->collection(), pipeline.get(), options.get()));
  auto tail = std::make_unique<ChangeStreamTail>(std::move(client), std::move(stream));
  if (auto ok = tail->CheckError(); !ok) return Fail(ok.error());
  return tail;
}

}  // namespace tailrace
