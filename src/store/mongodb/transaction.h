// Transaction: one commit's writes to all collections, all of them or none.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "mongodb/handles.h"
#include "store/mongodb/link.h"

namespace tailrace::mongo {

/// What a server told of a list of writes.
struct WriteCounts {
  int64_t inserted = 0;
  int64_t matched = 0;
  int64_t upserted = 0;
  int64_t removed = 0;
};

/// What a server knows a process's transactions by, one after the other. Does not outlive its link.
class Session {
 public:
  /// kUnavailable.
  static Result<Session> Begin(Link& link);

  mongoc_client_session_t* get() const { return session_.get(); }
  /// As BSON: {id: UUID}.
  const std::string& id() const { return id_; }

 private:
  MongoHandle<mongoc_client_session_t> session_;
  std::string id_;
};

/// Errors of all steps: kConflict: another process has written the same, or this transaction has
/// been ended by the server; kUnavailable: anything else. In either case there is no further step.
/// A transaction that is destroyed before Commit is given up. Does not outlive its session.
class Transaction {
 public:
  static Result<std::unique_ptr<Transaction>> Begin(const Session& session);
  ~Transaction();

  /// A list of writes that is executed in its order when `Execute` is called.
  class Writes {
   public:
    Writes(Transaction& transaction, mongoc_collection_t* collection);
    void Insert(const bson_t& document);
    void Replace(const bson_t& selector, const bson_t& document);
    void Update(const bson_t& selector, const bson_t& update, bool upsert);
    void Remove(const bson_t& selector);
    bool Empty() const { return count_ == 0; }
    uint64_t count() const { return count_; }
    Result<WriteCounts> Execute();

   private:
    MongoHandle<mongoc_bulk_operation_t> bulk_;
    uint64_t count_ = 0;
  };

  /// After any error nobody knows whether it is committed.
  Result<void> Commit();

 private:
  explicit Transaction(mongoc_client_session_t* session) : session_(session) {}

  mongoc_client_session_t* const session_;
};

/// Has the server give up the transaction of a session, if it has one: that of a lost connection or
/// of a process that was killed would otherwise hold its documents for a minute. Whatever the
/// server says.
void EndSession(Link& link, const std::string& session_id);

}  // namespace tailrace::mongo
