#include "store/mongodb/writer.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <set>

#include "base/check.h"

namespace tailrace::mongo {
namespace {

// Documents are sent in so many at a time, so that no answer takes long.
constexpr uint64_t kDocumentsAtOnce = 1000;
constexpr uint64_t kMaxConflictRestMs = 32;

const LogKey& KeyOf(const StoreRequest& request) {
  return std::visit([](const auto& r) -> const LogKey& { return r.key; }, request);
}

bool MayCreate(const StoreRequest& request) {
  return std::holds_alternative<AppendRequest>(request) ||
         std::holds_alternative<CreateRequest>(request);
}

// Takes `count` numbers for new logs; returns the first.
Result<uint64_t> TakeNumbers(Link& link, uint64_t count) {
  const BsonHandle query(BCON_NEW("_id", BCON_UTF8(kNumbersId)));
  const BsonHandle update(
      BCON_NEW("$inc", "{", "next", BCON_INT64(static_cast<int64_t>(count)), "}"));
  mongoc_find_and_modify_opts_t* const options = mongoc_find_and_modify_opts_new();
  mongoc_find_and_modify_opts_set_update(options, update.get());
  bson_t reply;
  bson_error_t error;
  const bool ok = mongoc_collection_find_and_modify_with_opts(link.counts(), query.get(), options,
                                                              &reply, &error);
  mongoc_find_and_modify_opts_destroy(options);
  bson_iter_t iter;
  bson_iter_t next;
  Result<uint64_t> first = FailMongo("the document of log numbers is missing");
  if (!ok) {
    first = FailMongo(error.message);
  } else if (bson_iter_init(&iter, &reply) &&
             bson_iter_find_descendant(&iter, "value.next", &next)) {
    first = static_cast<uint64_t>(bson_iter_as_int64(&next));
  }
  bson_destroy(&reply);
  return first;
}

std::string IdOf(const bson_t& bson) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, &bson, "_id") || !BSON_ITER_HOLDS_UTF8(&iter)) return "";
  return bson_iter_utf8(&iter, nullptr);
}

std::unexpected<Error> FailFirst() {
  return Fail(ErrorCode::kConflict, "another process was first");
}

}  // namespace

Writer::Writer(Place place, std::string writer, Persistence& persistence,
               std::function<void()> on_garbage)
    : place_(std::move(place)),
      writer_(std::move(writer)),
      persistence_(persistence),
      on_garbage_(std::move(on_garbage)),
      rivals_(WriterId(writer_)) {}

Writer::~Writer() {
  if (link_ == nullptr) return;
  const BsonHandle selector(BCON_NEW("_id", BCON_UTF8(WriterId(writer_).c_str())));
  mongoc_collection_delete_one(link_->counts(), selector.get(), nullptr, nullptr, nullptr);
}

// ------------------------------------------------------------------------------------------------
// The connection

template <typename T>
Result<T> Writer::Persist(const std::function<Result<T>(Link&)>& work) {
  for (;;) {
    Result<void> connected = link_ != nullptr ? Result<void>() : Connect();
    if (connected) {
      Result<T> done = work(*link_);
      if (done) return done;
      Disconnect();
      connected = Fail(std::move(done.error()));
    }
    if (persistence_.Rest(connected.error().message)) continue;
    return Fail(ErrorCode::kUnavailable,
                "the store was closed while it waited: " + connected.error().message);
  }
}

Result<void> Writer::Connect() {
  auto link = Link::Open(place_);
  if (!link) return Fail(link.error());
  if (!lost_session_.empty()) EndSession(**link, lost_session_);
  Result<Session> session = Session::Begin(**link);
  if (!session) return Fail(session.error());
  if (auto registered = Register(**link, *session); !registered) return registered;
  lost_session_.clear();
  session_.emplace(std::move(*session));
  link_ = std::move(*link);
  return {};
}

void Writer::Disconnect() {
  if (session_) lost_session_ = session_->id();
  session_.reset();
  link_.reset();
}

Result<void> Writer::Register(Link& link, const Session& session) const {
  bson_t id;
  CHECK(bson_init_static(&id, reinterpret_cast<const uint8_t*>(session.id().data()),
                         session.id().size()));
  const BsonHandle selector(BCON_NEW("_id", BCON_UTF8(WriterId(writer_).c_str())));
  const BsonHandle update(BCON_NEW(
      "$setOnInsert", "{", "commits", BCON_INT64(static_cast<int64_t>(commits_)), "}", "$set", "{",
      "session", BCON_DOCUMENT(&id), "}", "$currentDate", "{", "seen", BCON_BOOL(true), "}"));
  const BsonHandle options(BCON_NEW("upsert", BCON_BOOL(true)));
  bson_error_t error;
  if (!mongoc_collection_update_one(link.counts(), selector.get(), update.get(), options.get(),
                                    nullptr, &error)) {
    return FailMongo(error.message);
  }
  return {};
}

// ------------------------------------------------------------------------------------------------
// Before a commit

Result<uint64_t> Writer::Prepare(std::span<const StoreRequest> requests) {
  Result<uint64_t> next = Persist<uint64_t>([&](Link& link) { return Read(link, requests); });
  // Of a server that can be read and refuses writes nothing is known before the next write.
  if (next && !write_failed_) persistence_.Succeeded();
  return next;
}

Result<uint64_t> Writer::Read(Link& link, std::span<const StoreRequest> requests) {
  logs_.clear();
  producers_.clear();
  damaged_.clear();
  std::set<LogKey> created;
  std::set<std::string> paths;
  for (const StoreRequest& request : requests) {
    paths.insert(KeyOf(request).Path());
    if (MayCreate(request)) created.insert(KeyOf(request));
  }
  const auto found =
      Link::FindIds(link.state(), {paths.begin(), paths.end()}, nullptr, [&](const bson_t& bson) {
        Result<StoredLog> log = ReadLog(bson);
        if (!log) {
          damaged_.insert_or_assign(IdOf(bson), log.error());
          return true;
        }
        const LogKey key = log->state.info.key;
        created.erase(key);
        logs_.insert_or_assign(key, std::move(*log));
        return true;
      });
  if (!found) return Fail(found.error());
  if (auto read = ReadProducers(link, requests); !read) return Fail(read.error());
  if (created.empty()) return 0;
  return TakeNumbers(link, created.size());
}

Result<void> Writer::ReadProducers(Link& link, std::span<const StoreRequest> requests) {
  std::set<std::string> ids;
  for (const StoreRequest& request : requests) {
    const auto* const append = std::get_if<AppendRequest>(&request);
    if (append == nullptr || !append->producer) continue;
    const auto log = logs_.find(append->key);
    if (log == logs_.end()) continue;
    ids.insert(ProducerId(log->second.state.info.number, append->producer->name));
  }
  if (ids.empty()) return {};
  return Link::FindIds(link.counts(), {ids.begin(), ids.end()}, nullptr, [&](const bson_t& bson) {
    bson_iter_t id;
    bson_iter_t count;
    if (bson_iter_init_find(&id, &bson, "_id") && BSON_ITER_HOLDS_UTF8(&id) &&
        bson_iter_init_find(&count, &bson, "count")) {
      producers_[bson_iter_utf8(&id, nullptr)] = static_cast<uint64_t>(bson_iter_as_int64(&count));
    }
    return true;
  });
}

Result<std::optional<LogState>> Writer::LoadLog(const LogKey& key) {
  if (const auto damaged = damaged_.find(key.Path()); damaged != damaged_.end()) {
    return Fail(damaged->second);
  }
  const auto found = logs_.find(key);
  if (found == logs_.end()) return std::nullopt;
  return found->second.state;
}

Result<std::optional<uint64_t>> Writer::LoadProducer(const LogState& log, const std::string& name) {
  const auto found = producers_.find(ProducerId(log.info.number, name));
  if (found == producers_.end()) return std::nullopt;
  return found->second;
}

// ------------------------------------------------------------------------------------------------
// The commit

Result<void> Writer::Write(const CommitPlan& plan) {
  CHECK(link_ != nullptr && session_);
  Result<void> written;
  bool asked_to_commit = false;
  if (auto transaction = Transaction::Begin(*session_)) {
    written = TryWrite(plan, **transaction, *link_);
    asked_to_commit = written.has_value();
    if (written) written = (*transaction)->Commit();
  } else {
    written = Fail(transaction.error());
  }
  write_failed_ = !written && written.error().code != ErrorCode::kConflict;
  if (write_failed_) {
    Disconnect();
    if (!persistence_.Rest(written.error().message) && !asked_to_commit) return written;
  }
  if (!written && asked_to_commit) {
    const Result<bool> committed = Persist<bool>([&](Link& link) { return IsCommitted(link); });
    if (!committed) return Fail(committed.error());
    if (*committed) written = {};
  }
  if (!written) {
    if (!write_failed_) ++conflicts_;
    if (!write_failed_ && link_ != nullptr) rivals_.OnConflict(*link_);
    // The other one, too, gets its turn.
    const uint64_t most_ms =
        std::min(kMaxConflictRestMs, uint64_t{1} << std::min<uint64_t>(conflicts_in_a_row_++, 10));
    persistence_.Sleep(std::chrono::milliseconds(random_.Between(0, most_ms)));
    return FailFirst();
  }
  ++commits_;
  write_failed_ = false;
  conflicts_in_a_row_ = 0;
  rivals_.OnSuccess();
  persistence_.Succeeded();
  const auto leaves_garbage = [](const LogDraft& draft) {
    return draft.removed || (draft.before && draft.before->first < draft.state.info.first);
  };
  if (std::ranges::any_of(plan.drafts, leaves_garbage)) on_garbage_();
  return {};
}

// The documents that others write too come first: whoever is not first learns it early.
Result<void> Writer::TryWrite(const CommitPlan& plan, Transaction& transaction, Link& link) {
  if (auto ok = WriteCounts(plan, transaction, link); !ok) return ok;
  if (auto ok = WriteStates(plan, transaction, link); !ok) return ok;
  if (auto ok = WriteEntries(plan, transaction, link); !ok) return ok;
  return WriteGarbage(plan, transaction, link);
}

Result<void> Writer::WriteCounts(const CommitPlan& plan, Transaction& transaction,
                                 Link& link) const {
  Transaction::Writes writes(transaction, link.counts());
  const auto before = static_cast<int64_t>(commits_);
  const BsonHandle self(
      BCON_NEW("_id", BCON_UTF8(WriterId(writer_).c_str()), "commits", BCON_INT64(before)));
  const BsonHandle next(BCON_NEW("$set", "{", "commits", BCON_INT64(before + 1), "}",
                                 "$currentDate", "{", "seen", BCON_BOOL(true), "}"));
  writes.Update(*self, *next, false);
  for (const LogDraft& draft : plan.drafts) {
    for (const auto& [name, count] : draft.producers) {
      const std::string id = ProducerId(draft.state.info.number, name);
      const BsonHandle selector(BCON_NEW("_id", BCON_UTF8(id.c_str())));
      const BsonHandle update(
          BCON_NEW("$set", "{", "count", BCON_INT64(static_cast<int64_t>(count)), "}"));
      writes.Update(*selector, *update, true);
    }
    if (!draft.memo) continue;
    const std::string id = MemoId(draft.state.info.number);
    const BsonHandle selector(BCON_NEW("_id", BCON_UTF8(id.c_str())));
    const BsonHandle update(bson_new());
    WriteMemoUpdate(*update, *draft.memo);
    writes.Update(*selector, *update, true);
  }
  const auto counts = writes.Execute();
  if (!counts) return Fail(counts.error());
  if (counts->matched + counts->upserted == static_cast<int64_t>(writes.count())) return {};
  return Fail(ErrorCode::kUnavailable, "MongoDB: this process's own document has gone");
}

StoredLog Writer::AfterCommit(const LogDraft& draft) const {
  StoredLog after{.state = draft.state,
                  .version = 1,
                  .writer = writer_,
                  .ends = draft.ended,
                  .removed = draft.removed};
  const auto before = logs_.find(draft.state.info.key);
  if (before == logs_.end()) return after;
  after.version = before->second.version + 1;
  after.grown_from = before->second.state.info.position;
  return after;
}

Result<void> Writer::WriteStates(const CommitPlan& plan, Transaction& transaction,
                                 Link& link) const {
  Transaction::Writes writes(transaction, link.state());
  for (const LogDraft& draft : plan.drafts) {
    const StoredLog after = AfterCommit(draft);
    const std::string path = draft.state.info.key.Path();
    const BsonHandle document(bson_new());
    WriteLog(*document, after);
    if (draft.Created()) {
      writes.Insert(*document);
      continue;
    }
    const BsonHandle selector(BCON_NEW("_id", BCON_UTF8(path.c_str()), "version",
                                       BCON_INT64(static_cast<int64_t>(after.version) - 1)));
    writes.Replace(*selector, *document);
    // The document that is about to go tells change streams which log it was.
    const BsonHandle by_id(BCON_NEW("_id", BCON_UTF8(path.c_str())));
    if (draft.removed) writes.Remove(*by_id);
  }
  const auto counts = writes.Execute();
  if (!counts) return Fail(counts.error());
  const int64_t done = counts->inserted + counts->matched + counts->removed;
  if (done != static_cast<int64_t>(writes.count())) return FailFirst();
  return {};
}

Result<void> Writer::WriteEntries(const CommitPlan& plan, Transaction& transaction,
                                  Link& link) const {
  std::optional<Transaction::Writes> writes;
  const auto insert = [&](const bson_t& document) -> Result<void> {
    if (!writes) writes.emplace(transaction, link.entries());
    writes->Insert(document);
    if (writes->count() < kDocumentsAtOnce) return {};
    const auto counts = writes->Execute();
    writes.reset();
    if (!counts) return Fail(counts.error());
    return {};
  };
  for (const LogDraft& draft : plan.drafts) {
    EntryFacts facts{.encoded_end = draft.before ? draft.before->encoded_end : 0,
                     .stored = plan.time};
    for (const ChunkPtr& chunk : draft.chunks) {
      facts.position = chunk->begin;
      facts.text_offset = chunk->text_offset;
      EntryReader reader(chunk->encoded);
      size_t rest = chunk->encoded.size();
      for (Entry entry; reader.Next(entry); ++facts.position) {
        facts.encoded_end += rest - reader.Rest().size();
        rest = reader.Rest().size();
        const BsonHandle document(bson_new());
        WriteEntry(*document, draft.state.info, place_.id_form, facts, entry);
        if (auto ok = insert(*document); !ok) return ok;
        facts.text_offset += entry.text.size() + 1;
      }
    }
    if (!draft.ended) continue;
    const BsonHandle document(bson_new());
    WriteEnd(*document, draft.state.info, place_.id_form);
    if (auto ok = insert(*document); !ok) return ok;
  }
  if (!writes) return {};
  const auto counts = writes->Execute();
  if (!counts) return Fail(counts.error());
  return {};
}

Result<void> Writer::WriteGarbage(const CommitPlan& plan, Transaction& transaction,
                                  Link& link) const {
  Transaction::Writes writes(transaction, link.garbage());
  for (const LogDraft& draft : plan.drafts) {
    if (!draft.before) continue;
    const LogInfo& info = draft.state.info;
    const Position to = draft.removed ? info.position : info.first;
    if (!draft.removed && draft.before->first >= to) continue;
    const BsonHandle document(
        BCON_NEW("number", BCON_INT64(static_cast<int64_t>(info.number)), "from",
                 BCON_INT64(static_cast<int64_t>(draft.before->first)), "to",
                 BCON_INT64(static_cast<int64_t>(to)), "whole", BCON_BOOL(draft.removed)));
    writes.Insert(*document);
  }
  const auto counts = writes.Execute();
  if (!counts) return Fail(counts.error());
  return {};
}

// A transaction that is not committed yet has written this process's document, or will. If it has,
// the update below waits until it is committed or given up; if not, it cannot write it any more,
// since its snapshot is older than the update.
Result<bool> Writer::IsCommitted(Link& link) const {
  const std::string id = WriterId(writer_);
  std::optional<uint64_t> commits;
  const auto found = Link::FindIds(link.counts(), {id}, nullptr, [&](const bson_t& bson) {
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, &bson, "commits")) {
      commits = static_cast<uint64_t>(bson_iter_as_int64(&iter));
    }
    return false;
  });
  if (!found) return Fail(found.error());
  if (commits == commits_ + 1) return true;
  const BsonHandle selector(BCON_NEW("_id", BCON_UTF8(id.c_str()), "commits",
                                     BCON_INT64(static_cast<int64_t>(commits_))));
  const BsonHandle update(BCON_NEW("$inc", "{", "given_up", BCON_INT64(1), "}"));
  bson_t reply;
  bson_error_t error;
  bool matched = false;
  const bool ok = mongoc_collection_update_one(link.counts(), selector.get(), update.get(), nullptr,
                                               &reply, &error);
  bson_iter_t iter;
  if (ok && bson_iter_init_find(&iter, &reply, "matchedCount")) {
    matched = bson_iter_as_int64(&iter) == 1;
  }
  bson_destroy(&reply);
  if (!ok) return FailMongo(error.message);
  if (matched) return false;
  return FailMongo("it is not known yet whether a transaction was committed");
}

}  // namespace tailrace::mongo
