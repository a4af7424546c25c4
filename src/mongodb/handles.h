// Owners of libmongoc's objects, without its headers.
#pragma once

#include <cstddef>
#include <memory>

// NOLINTBEGIN(readability-identifier-naming): libmongoc's own names.
typedef struct _bson_t bson_t;
typedef struct _mongoc_bulk_operation_t mongoc_bulk_operation_t;
typedef struct _mongoc_change_stream_t mongoc_change_stream_t;
typedef struct _mongoc_client_session_t mongoc_client_session_t;
typedef struct _mongoc_client_t mongoc_client_t;
typedef struct _mongoc_collection_t mongoc_collection_t;
typedef struct _mongoc_cursor_t mongoc_cursor_t;
// NOLINTEND(readability-identifier-naming)

namespace tailrace {

struct MongoDestroy {
  void operator()(mongoc_bulk_operation_t* bulk) const;
  void operator()(mongoc_change_stream_t* stream) const;
  void operator()(mongoc_client_session_t* session) const;
  void operator()(mongoc_client_t* client) const;
  void operator()(mongoc_collection_t* collection) const;
  void operator()(mongoc_cursor_t* cursor) const;
};

template <typename T>
using MongoHandle = std::unique_ptr<T, MongoDestroy>;

/// bson_t itself is aligned by an attribute, which a template's argument would lose.
class BsonHandle {
 public:
  explicit BsonHandle(bson_t* bson) : bson_(bson) {}
  ~BsonHandle();
  BsonHandle(const BsonHandle&) = delete;
  BsonHandle& operator=(const BsonHandle&) = delete;

  bson_t* get() const { return bson_; }
  bson_t& operator*() const { return *bson_; }
  bool operator==(std::nullptr_t) const { return bson_ == nullptr; }

 private:
  bson_t* const bson_;
};

/// A `const bson_t&` that may be a template's argument.
class BsonView {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it is nothing but the reference.
  BsonView(const bson_t& bson) : bson_(&bson) {}
  operator const bson_t&() const { return *bson_; }
  // NOLINTEND(google-explicit-constructor)

 private:
  const bson_t* bson_;
};

}  // namespace tailrace
