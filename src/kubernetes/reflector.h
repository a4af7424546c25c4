// Reflector: all objects of one kind, now and as they change: a list, then watches for ever.
//
// Kubernetes API concepts, "Efficient detection of changes": a list in pages, then a watch from its
// resourceVersion with bookmarks; after an end of any kind a watch from the last version seen;
// after 410 (status or ERROR event) a new list, of which only the differences are told.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/random.h"
#include "kubernetes/api_client.h"

namespace tailrace::kube {

/// Views are valid during the call.
struct ObjectId {
  std::string_view uid;
  std::string_view resource_version;
  std::string_view namespace_name;  ///< Empty: it is in none.
  std::string_view name;
};

/// Called on the loop's thread. May not destroy the reflector.
class ReflectorHandler {
 public:
  virtual ~ReflectorHandler() = default;
  /// New or changed. `json` is the object as the server wrote it; simdjson may read 64 bytes beyond
  /// its end (they exist). In a list `kind` and `apiVersion` are missing.
  virtual void OnObject(const ObjectId& id, std::string_view json) = 0;
  /// Gone. `json` is its last state, empty if a list showed that it is gone. The same name may
  /// be there again with another uid, and that may have been told before.
  virtual void OnDeleted(const ObjectId& id, std::string_view json) = 0;
  /// All that there was when the list began has been told. After each list.
  virtual void OnSynced() = 0;
  /// The server is away, or refuses (kRefused: 401, 403, 404): tried again in `retry_ms`.
  virtual void OnTrouble(const ApiEnd& end, uint64_t retry_ms) = 0;
  /// What was in trouble works again.
  virtual void OnRecovered() {}
};

struct ReflectorOptions {
  std::string path;            ///< ResourcePath(…).text()
  std::string label_selector;  ///< Empty: all.
  std::string field_selector;
  uint64_t page_objects = 500;    ///< Of a list.
  size_t object_bytes = 8 << 20;  ///< A longer line of a watch ends it, and the list decides.
  uint64_t retry_min_ms = 500;    ///< Rest after a failure, doubled each time, ± 50 %.
  uint64_t retry_max_ms = 15'000;
  uint64_t watch_min_s = 300;  ///< A watch asks to be ended after a time between these, and is
  uint64_t watch_max_s = 600;  ///< ended here half a minute later.
};

struct ReflectorStats {
  uint64_t objects = 0;
  uint64_t memory_bytes = 0;  ///< For them, about.
  uint64_t lists = 0;
  uint64_t watches = 0;
  uint64_t expired = 0;  ///< Watches and lists that met 410.
  uint64_t events = 0;
  bool synced = false;  ///< A list was complete, and nothing is in trouble now.
};

class Reflector {
 public:
  /// Lists at once. All outlive it; `random` belongs to the loop's thread.
  Reflector(ApiClient& client, ReflectorOptions options, ReflectorHandler& handler, Random& random);
  ~Reflector();

  /// Loop thread.
  const ReflectorStats& stats() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tailrace::kube
