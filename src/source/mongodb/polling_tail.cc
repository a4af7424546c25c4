// Tail by polling, for servers without change streams: one query asks for all that is new by `_id`.
// `_id`s are in order of time only to the second and to the clocks of their writers, so each query
// looks back a little, some look back further, and what was seen is left out.
#include <mongoc/mongoc.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/text.h"
#include "source/mongodb/tail.h"

namespace tailrace {
namespace {

constexpr TimeNs kNsPerSecond = 1'000'000'000;
constexpr int64_t kShortLookBackS = 2;
constexpr uint64_t kLongLookBackEveryMs = 5'000;
constexpr int32_t kBatchDocuments = 1000;
constexpr std::chrono::milliseconds kNap{50};  // until it is looked whether to stop
constexpr std::string_view kStatePrefix = "{\"poll\":";

class PollingTail final : public Tail {
 public:
  PollingTail(std::unique_ptr<MongoClient> client, const TailOptions& options, int64_t polled_s,
              TailShared& shared)
      : client_(std::move(client)), options_(options), shared_(shared), polled_s_(polled_s) {}

  Result<std::vector<TailEvent>> Next() override {
    if (problem_) return Fail(*problem_);
    if (cursor_ == nullptr) {
      WaitForTurn();
      if (shared_.stopping.load()) return std::vector<TailEvent>();
      Ask();
    }
    return ReadSome();
  }

 private:
  int64_t NowSecond() const { return options_.clock->Now() / kNsPerSecond; }

  void WaitForTurn() {
    const auto now = std::chrono::steady_clock::now();
    next_poll_ = std::max(next_poll_ + std::chrono::milliseconds(options_.poll_interval_ms), now);
    while (!shared_.stopping.load() && std::chrono::steady_clock::now() < next_poll_) {
      const auto until = std::chrono::steady_clock::now() + kNap;
      std::this_thread::sleep_until(std::min(until, next_poll_));
    }
  }

  void Ask() {
    began_s_ = NowSecond();
    const auto now = std::chrono::steady_clock::now();
    const bool is_long = now >= next_long_;
    if (is_long) next_long_ = now + std::chrono::milliseconds(kLongLookBackEveryMs);
    const auto long_s = static_cast<int64_t>((options_.look_back_ms + 999) / 1000);
    const int64_t back_s = is_long ? long_s : std::min(kShortLookBackS, long_s);
    const int64_t base_s = std::min(began_s_, polled_s_);
    shared_.seen.Forget(base_s - long_s);
    const auto from_s = static_cast<uint32_t>(
        std::clamp<int64_t>(std::max(base_s - back_s, shared_.seen.floor()), 0, UINT32_MAX));
    uint8_t id[12] = {static_cast<uint8_t>(from_s >> 24), static_cast<uint8_t>(from_s >> 16),
                      static_cast<uint8_t>(from_s >> 8), static_cast<uint8_t>(from_s)};
    bson_oid_t from;
    bson_oid_init_from_data(&from, id);
    const BsonHandle filter(BCON_NEW("_id", "{", "$gte", BCON_OID(&from), "}"));
    const BsonHandle find(BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "batchSize",
                                   BCON_INT32(kBatchDocuments), "showRecordId", BCON_BOOL(true)));
    shared_.queries.fetch_add(1);
    cursor_.reset(
        mongoc_collection_find_with_opts(client_->collection(), filter.get(), find.get(), nullptr));
  }

  Result<std::vector<TailEvent>> ReadSome() {
    std::vector<TailEvent> events;
    const uint64_t stamp = shared_.polls.load() + 1;
    const bson_t* bson = nullptr;
    bool more = false;
    for (int i = 0; i < kBatchDocuments; ++i) {
      more = mongoc_cursor_next(cursor_.get(), &bson);
      if (!more) break;
      MongoDocument document = ReadDocument(*bson);
      if (!shared_.seen.Add(document.id_hash, document.time / kNsPerSecond)) continue;
      events.push_back(
          {.kind = TailEvent::Kind::kDocument, .document = std::move(document), .stamp = stamp});
      events.back().time = events.back().document.time;
    }
    std::ranges::stable_sort(
        events, {}, [](const TailEvent& event) { return event.document.order.value_or(0); });
    if (!more) EndPoll(events);
    return events;
  }

  // What was read before the connection broke is handed on, because it counts as seen.
  void EndPoll(std::vector<TailEvent>& events) {
    bson_error_t error;
    if (mongoc_cursor_error(cursor_.get(), &error)) {
      problem_ = FailMongo(error.message).error();
      return;
    }
    cursor_.reset();
    const uint64_t stamp = shared_.polls.fetch_add(1) + 1;
    polled_s_ = began_s_;
    events.push_back(
        {.stamp = stamp, .state = std::string(kStatePrefix) + std::to_string(polled_s_) + "}"});
  }

  const std::unique_ptr<MongoClient> client_;
  const TailOptions options_;
  TailShared& shared_;
  MongoHandle<mongoc_cursor_t> cursor_;
  std::optional<Error> problem_;
  int64_t polled_s_;     // when the last poll that has read everything began
  int64_t began_s_ = 0;  // when this one began
  std::chrono::steady_clock::time_point next_poll_;
  std::chrono::steady_clock::time_point next_long_;
};

// {"poll":1700000000}
std::optional<int64_t> ParseState(std::string_view state) {
  if (!state.starts_with(kStatePrefix) || !state.ends_with('}')) return std::nullopt;
  state.remove_prefix(kStatePrefix.size());
  state.remove_suffix(1);
  const auto second = ParseDecimal(state);
  if (!second || *second > UINT32_MAX) return std::nullopt;
  return static_cast<int64_t>(*second);
}

}  // namespace

Result<std::unique_ptr<Tail>> OpenPolling(std::unique_ptr<MongoClient> client,
                                          const TailOptions& options, const std::string& state,
                                          TailShared& shared) {
  int64_t polled_s = options.clock->Now() / kNsPerSecond;
  if (!state.empty()) {
    const auto parsed = ParseState(state);
    // After a restart nothing is known of what earlier polls have seen.
    if (!parsed || shared.polls.load() == 0)
      return Fail(ErrorCode::kConflict, "MongoDB: polling begins anew");
    polled_s = std::min(polled_s, *parsed);
  }
  const Result<MongoHello> hello = client->Hello();
  if (!hello) return Fail(hello.error());
  return std::make_unique<PollingTail>(std::move(client), options, polled_s, shared);
}

}  // namespace tailrace
