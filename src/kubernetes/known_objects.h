// KnownObjects: what a Reflector has told of, so that a new list shows what has changed or gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tailrace::kube {

struct ObjectId;

/// About 300 bytes an object: uid, version and names, never the object itself.
class KnownObjects {
 public:
  /// False: this very version is known. True: new or changed; it is known from now on.
  bool Note(const ObjectId& id);
  void Remove(std::string_view uid);

  /// What is noted from here on is in the list, changed or not.
  void BeginList() { ++list_; }
  struct Gone {
    std::string uid, resource_version, namespace_name, name;
  };
  /// What was not noted since BeginList; known no more.
  std::vector<Gone> TakeAbsent();

  size_t size() const { return objects_.size(); }
  size_t MemoryBytes() const { return memory_bytes_; }

 private:
  struct Known {
    std::string resource_version;
    std::string names;  ///< "NAMESPACE/NAME"
    uint32_t list;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Objects = std::unordered_map<std::string, Known, Hash, std::equal_to<>>;

  static size_t SizeOf(const std::string& uid, const Known& known);

  Objects objects_;
  uint32_t list_ = 0;
  size_t memory_bytes_ = 0;
};

}  // namespace tailrace::kube
