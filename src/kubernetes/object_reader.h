// ObjectReader: lists and watch events of the API as JSON.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kubernetes/reflector.h"

namespace tailrace::kube {

/// Of a list's page.
struct ListMeta {
  std::string resource_version;
  std::string next;  ///< `continue` of the next page; empty: it was the last one.
};

struct WatchEvent {
  enum class Type : uint8_t { kAdded, kModified, kDeleted, kBookmark, kError };
  Type type;
  ObjectId id;            ///< Of an object; a bookmark has only the version.
  std::string_view json;  ///< The object; 64 bytes beyond it can be read.
  int status = 0;         ///< kError: the Status object's code, reason and message.
  std::string reason;
  std::string message;
};

/// Keeps simdjson's memory between calls. One thread.
class ObjectReader {
 public:
  using OnItem = std::function<void(const ObjectId& id, std::string_view json)>;

  ObjectReader();
  ~ObjectReader();

  /// `body` is padded in place. kCorrupt: it is no list of objects.
  Result<ListMeta> ReadList(std::string& body, const OnItem& on_item);
  /// A line without its end; its views are valid until `line` changes. Types that are not known
  /// are kCorrupt.
  Result<WatchEvent> ReadEvent(std::string& line);

 private:
  struct Parser;
  const std::unique_ptr<Parser> parser_;
};

}  // namespace tailrace::kube
