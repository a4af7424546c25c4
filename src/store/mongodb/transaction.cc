#include "store/mongodb/transaction.h"

#include <mongoc/mongoc.h>

#include "base/check.h"

namespace tailrace::mongo {
namespace {

// Error codes of the server (its error_codes.yml).
constexpr uint32_t kWriteConflict = 112;
constexpr uint32_t kLockTimeout = 24;
constexpr uint32_t kNoSuchTransaction = 251;
constexpr uint32_t kDuplicateKey = 11000;

bool IsConflict(const bson_t& reply, const bson_error_t& error) {
  if (error.domain == MONGOC_ERROR_STREAM || error.domain == MONGOC_ERROR_SERVER_SELECTION) {
    return false;
  }
  return error.code == kWriteConflict || error.code == kLockTimeout ||
         error.code == kNoSuchTransaction || error.code == kDuplicateKey ||
         mongoc_error_has_label(&reply, "TransientTransactionError");
}

std::unexpected<Error> FailStep(const bson_t& reply, const bson_error_t& error) {
  if (!IsConflict(reply, error)) return FailMongo(error.message);
  return Fail(ErrorCode::kConflict, std::string("MongoDB: ") + error.message);
}

int64_t CountAt(const bson_t& reply, const char* name) {
  bson_iter_t iter;
  return bson_iter_init_find(&iter, &reply, name) ? bson_iter_as_int64(&iter) : 0;
}

struct OptionsDestroy {
  void operator()(mongoc_transaction_opt_t* options) const {
    mongoc_transaction_opts_destroy(options);
  }
  void operator()(mongoc_read_concern_t* concern) const { mongoc_read_concern_destroy(concern); }
  void operator()(mongoc_write_concern_t* concern) const { mongoc_write_concern_destroy(concern); }
};

}  // namespace

Result<Session> Session::Begin(Link& link) {
  bson_error_t error;
  Session begun;
  begun.session_.reset(mongoc_client_start_session(link.client(), nullptr, &error));
  if (begun.session_ == nullptr) return FailMongo(error.message);
  const bson_t* const id = mongoc_client_session_get_lsid(begun.session_.get());
  begun.id_.assign(reinterpret_cast<const char*>(bson_get_data(id)), id->len);
  return begun;
}

Result<std::unique_ptr<Transaction>> Transaction::Begin(const Session& session) {
  const std::unique_ptr<mongoc_transaction_opt_t, OptionsDestroy> options(
      mongoc_transaction_opts_new());
  const std::unique_ptr<mongoc_read_concern_t, OptionsDestroy> read(mongoc_read_concern_new());
  mongoc_read_concern_set_level(read.get(), MONGOC_READ_CONCERN_LEVEL_SNAPSHOT);
  mongoc_transaction_opts_set_read_concern(options.get(), read.get());
  const std::unique_ptr<mongoc_write_concern_t, OptionsDestroy> write(mongoc_write_concern_new());
  mongoc_write_concern_set_wmajority(write.get(), 0);
  mongoc_transaction_opts_set_write_concern(options.get(), write.get());
  bson_error_t error;
  if (!mongoc_client_session_start_transaction(session.get(), options.get(), &error)) {
    return FailMongo(error.message);
  }
  return std::unique_ptr<Transaction>(new Transaction(session.get()));
}

Transaction::~Transaction() {
  if (mongoc_client_session_in_transaction(session_)) {
    static_cast<void>(mongoc_client_session_abort_transaction(session_, nullptr));
  }
}

Transaction::Writes::Writes(Transaction& transaction, mongoc_collection_t* collection) {
  bson_error_t error;
  const BsonHandle options(BCON_NEW("ordered", BCON_BOOL(true)));
  bson_t& how = *options;
  CHECK(mongoc_client_session_append(transaction.session_, &how, &error));
  bulk_.reset(mongoc_collection_create_bulk_operation_with_opts(collection, options.get()));
}

// What these refuse would be documents of another form than ours.
void Transaction::Writes::Insert(const bson_t& document) {
  bson_error_t error;
  const BsonHandle options(BCON_NEW("validate", BCON_BOOL(false)));
  CHECK(mongoc_bulk_operation_insert_with_opts(bulk_.get(), &document, options.get(), &error));
  ++count_;
}

void Transaction::Writes::Replace(const bson_t& selector, const bson_t& document) {
  bson_error_t error;
  const BsonHandle options(BCON_NEW("validate", BCON_BOOL(false)));
  CHECK(mongoc_bulk_operation_replace_one_with_opts(bulk_.get(), &selector, &document,
                                                    options.get(), &error));
  ++count_;
}

void Transaction::Writes::Update(const bson_t& selector, const bson_t& update, bool upsert) {
  bson_error_t error;
  const BsonHandle options(BCON_NEW("upsert", BCON_BOOL(upsert), "validate", BCON_BOOL(false)));
  CHECK(mongoc_bulk_operation_update_one_with_opts(bulk_.get(), &selector, &update, options.get(),
                                                   &error));
  ++count_;
}

void Transaction::Writes::Remove(const bson_t& selector) {
  bson_error_t error;
  CHECK(mongoc_bulk_operation_remove_one_with_opts(bulk_.get(), &selector, nullptr, &error));
  ++count_;
}

Result<WriteCounts> Transaction::Writes::Execute() {
  if (count_ == 0) return WriteCounts{};
  bson_t reply;
  bson_error_t error;
  const bool ok = mongoc_bulk_operation_execute(bulk_.get(), &reply, &error) != 0;
  Result<WriteCounts> counts;
  if (ok) {
    counts = WriteCounts{CountAt(reply, "nInserted"), CountAt(reply, "nMatched"),
                         CountAt(reply, "nUpserted"), CountAt(reply, "nRemoved")};
  } else {
    counts = FailStep(reply, error);
  }
  bson_destroy(&reply);
  return counts;
}

Result<void> Transaction::Commit() {
  bson_t reply;
  bson_error_t error;
  Result<void> done;
  if (!mongoc_client_session_commit_transaction(session_, &reply, &error)) {
    done = FailStep(reply, error);
  }
  bson_destroy(&reply);
  return done;
}

void EndSession(Link& link, const std::string& session_id) {
  bson_t session;
  if (!bson_init_static(&session, reinterpret_cast<const uint8_t*>(session_id.data()),
                        session_id.size())) {
    return;
  }
  const BsonHandle command(BCON_NEW("killSessions", "[", BCON_DOCUMENT(&session), "]"));
  bson_t reply;
  bson_error_t error;
  static_cast<void>(
      mongoc_client_command_simple(link.client(), "admin", command.get(), nullptr, &reply, &error));
  bson_destroy(&reply);
}

}  // namespace tailrace::mongo
