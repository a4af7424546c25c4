#include "store/mongodb/watch.h"

#include <mongoc/mongoc.h>

#include <algorithm>

#include "base/check.h"

namespace tailrace::mongo {
namespace {

constexpr int64_t kAwaitMs = 200;
/// What is read of a commit at most; who follows reads the rest from the store.
constexpr uint64_t kMaxNewBytes = 256 << 10;

// Error codes of the server (its error_codes.yml) by which it says that it cannot go on from there.
bool IsBeyondRepair(const bson_error_t& error) {
  constexpr uint32_t kCodes[] = {260 /*InvalidResumeToken*/,
                                 280 /*ChangeStreamFatalError*/,
                                 286 /*ChangeStreamHistoryLost*/,
                                 136 /*CappedPositionLost*/,
                                 9 /*FailedToParse*/,
                                 2 /*BadValue*/};
  return error.domain == MONGOC_ERROR_SERVER &&
         std::ranges::find(kCodes, error.code) != std::end(kCodes);
}

Result<void> CheckStream(const mongoc_change_stream_t* stream) {
  bson_error_t error;
  const bson_t* reply = nullptr;
  if (!mongoc_change_stream_error_document(stream, &error, &reply)) return {};
  if (IsBeyondRepair(error)) {
    return Fail(ErrorCode::kConflict, std::string("MongoDB: ") + error.message);
  }
  return FailMongo(error.message);
}

std::string_view OperationOf(const bson_t& change) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, &change, "operationType") || !BSON_ITER_HOLDS_UTF8(&iter)) {
    return "";
  }
  return bson_iter_utf8(&iter, nullptr);
}

Commit ToCommit(const StoredLog& log) {
  Commit commit;
  commit.kind = log.removed ? Commit::Kind::kRemoved : Commit::Kind::kChanged;
  commit.created = log.version == 1;
  commit.ended = log.ends;
  commit.info = std::make_shared<const LogInfo>(log.state.info);
  return commit;
}

}  // namespace

Watch::Watch(Place place, std::string writer, const Reader& reader,
             std::function<void(std::vector<Commit>)> tell)
    : place_(std::move(place)),
      writer_(std::move(writer)),
      reader_(reader),
      tell_(std::move(tell)) {}

Watch::~Watch() {
  persistence_.Close(std::chrono::milliseconds(0));
  if (thread_.joinable()) thread_.join();
}

void Watch::Start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] { Run(); });
}

void Watch::Follow(const LogKey& key) {
  const std::lock_guard lock(mutex_);
  ++followed_[key].followers;
}

void Watch::Unfollow(const LogKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = followed_.find(key);
  CHECK(found != followed_.end());
  if (--found->second.followers == 0) followed_.erase(found);
}

void Watch::Note(const LogKey& key, uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (const auto found = followed_.find(key); found != followed_.end()) {
    found->second.number = number;
  }
}

bool Watch::IsFollowed(const LogKey& key) const {
  const std::lock_guard lock(mutex_);
  return followed_.contains(key);
}

void Watch::Run() {
  while (!persistence_.Closing()) {
    auto link = Link::Open(place_);
    const Result<void> done = link ? FollowStream(**link) : Fail(link.error());
    if (done) return;  // it closes
    if (done.error().code == ErrorCode::kConflict) resume_token_.clear();
    static_cast<void>(persistence_.Rest(done.error().message));
  }
}

Result<void> Watch::FollowStream(Link& link) {
  const BsonHandle pipeline(BCON_NEW("pipeline", "[", "{", "$match", "{", "fullDocument.writer",
                                     "{", "$ne", BCON_UTF8(writer_.c_str()), "}", "}", "}", "]"));
  const BsonHandle options(BCON_NEW("maxAwaitTimeMS", BCON_INT64(kAwaitMs)));
  if (!resume_token_.empty()) {
    bson_t token;
    CHECK(bson_init_static(&token, reinterpret_cast<const uint8_t*>(resume_token_.data()),
                           resume_token_.size()));
    bson_t& how = *options;
    BSON_APPEND_DOCUMENT(&how, "resumeAfter", &token);
  }
  const MongoHandle<mongoc_change_stream_t> stream(
      mongoc_collection_watch(link.state(), pipeline.get(), options.get()));
  if (auto ok = CheckStream(stream.get()); !ok) return ok;
  if (resume_token_.empty()) {
    if (std::exchange(has_followed_, true)) ++resets_;
    if (auto compared = CompareAll(link); !compared) return compared;
  }
  while (!persistence_.Closing()) {
    const bson_t* change = nullptr;
    if (mongoc_change_stream_next(stream.get(), &change)) {
      if (auto ok = OnChange(link, *change); !ok) return ok;
    } else if (auto ok = CheckStream(stream.get()); !ok) {
      return ok;
    }
    persistence_.Succeeded();
    if (const bson_t* const token = mongoc_change_stream_get_resume_token(stream.get())) {
      resume_token_.assign(reinterpret_cast<const char*>(bson_get_data(token)), token->len);
    }
  }
  return {};
}

Result<void> Watch::OnChange(Link& link, const bson_t& change) {
  const std::string_view operation = OperationOf(change);
  if (operation == "invalidate" || operation == "drop" || operation == "rename") {
    return Fail(ErrorCode::kConflict, "MongoDB: the collection of logs was dropped");
  }
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, &change, "fullDocument") || !BSON_ITER_HOLDS_DOCUMENT(&iter)) {
    return {};
  }
  const uint8_t* data = nullptr;
  uint32_t length = 0;
  bson_iter_document(&iter, &length, &data);
  bson_t document;
  if (!bson_init_static(&document, data, length)) return {};
  if (const auto log = ReadLog(document)) Tell(link, *log);
  return {};
}

void Watch::Tell(Link& link, const StoredLog& log) {
  const LogInfo& info = log.state.info;
  Commit commit = ToCommit(log);
  if (commit.created) ++others_logs_;
  if (log.removed) --others_logs_;
  const bool is_followed = IsFollowed(info.key);
  if (!is_followed && !commit.created && !commit.ended && !log.removed) return;
  if (is_followed && !log.removed) {
    // Without them viewers read the store themselves.
    commit.chunks = reader_.ReadNew(link, log.state, log.grown_from, kMaxNewBytes);
  }
  Note(info.key, info.number);
  std::vector<Commit> commits;
  commits.push_back(std::move(commit));
  tell_(std::move(commits));
}

Result<void> Watch::CompareAll(Link& link) {
  std::unordered_map<LogKey, Followed> followed;
  {
    const std::lock_guard lock(mutex_);
    followed = followed_;
  }
  for (const auto& [key, known] : followed) {
    auto log = link.FindLog(key);
    if (!log) {
      if (log.error().code == ErrorCode::kUnavailable) return Fail(log.error());
      continue;
    }
    std::vector<Commit> commits;
    const uint64_t number = *log ? (*log)->state.info.number : 0;
    if (known.number != 0 && known.number != number) {
      auto gone = std::make_shared<LogInfo>();
      gone->key = key;
      gone->number = known.number;
      commits.push_back(Commit{.kind = Commit::Kind::kRemoved, .info = std::move(gone)});
    }
    if (*log) {
      Commit& now = commits.emplace_back();
      now.info = std::make_shared<const LogInfo>((*log)->state.info);
    }
    if (!commits.empty()) tell_(std::move(commits));
  }
  return {};
}

}  // namespace tailrace::mongo
