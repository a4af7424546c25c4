#include "kubernetes/known_objects.h"

#include "kubernetes/reflector.h"

namespace tailrace::kube {
namespace {

constexpr size_t kNodeBytes = 48;  // hash, link, allocator's own, place in the table

size_t HeapOf(const std::string& text) {
  return text.capacity() > 15 ? text.capacity() + 1 + 16 : 0;
}

}  // namespace

size_t KnownObjects::SizeOf(const std::string& uid, const Known& known) {
  return kNodeBytes + sizeof(Objects::value_type) + HeapOf(uid) + HeapOf(known.resource_version) +
         HeapOf(known.names);
}

bool KnownObjects::Note(const ObjectId& id) {
  const auto found = objects_.find(id.uid);
  if (found != objects_.end()) {
    found->second.list = list_;
    if (found->second.resource_version == id.resource_version) return false;
    memory_bytes_ -= SizeOf(found->first, found->second);
    found->second.resource_version = id.resource_version;
    memory_bytes_ += SizeOf(found->first, found->second);
    return true;
  }
  Known known{.resource_version = std::string(id.resource_version), .names = {}, .list = list_};
  known.names.reserve(id.namespace_name.size() + 1 + id.name.size());
  known.names.append(id.namespace_name).append("/").append(id.name);
  const auto added = objects_.emplace(id.uid, std::move(known)).first;
  memory_bytes_ += SizeOf(added->first, added->second);
  return true;
}

void KnownObjects::Remove(std::string_view uid) {
  const auto found = objects_.find(uid);
  if (found == objects_.end()) return;
  memory_bytes_ -= SizeOf(found->first, found->second);
  objects_.erase(found);
}

std::vector<KnownObjects::Gone> KnownObjects::TakeAbsent() {
  std::vector<Gone> gone;
  std::erase_if(objects_, [&](const auto& entry) {
    const auto& [uid, known] = entry;
    if (known.list == list_) return false;
    memory_bytes_ -= SizeOf(uid, known);
    const size_t slash = known.names.find('/');
    gone.push_back({.uid = uid,
                    .resource_version = known.resource_version,
                    .namespace_name = known.names.substr(0, slash),
                    .name = known.names.substr(slash + 1)});
    return true;
  });
  return gone;
}

}  // namespace tailrace::kube
