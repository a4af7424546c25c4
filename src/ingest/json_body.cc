#include "ingest/json_body.h"

namespace tailrace {

Result<void> JsonBody::Feed(std::string_view bytes, TimeNs now, EntryRun& out) {
  std::string_view object;
  while (!bytes.empty()) {
    Result<bool> found = framer_->Next(bytes, object);
    if (!found) return Refuse(std::move(found.error()));
    if (!*found) break;
    if (Result<void> added = Add(object, now, out); !added) return added;
  }
  return {};
}

Result<void> JsonBody::Finish(TimeNs now, EntryRun& out) {
  std::string_view object;
  Result<bool> found = framer_->Finish(object);
  if (!found) return Refuse(std::move(found.error()));
  if (!*found) return {};
  return Add(object, now, out);
}

Result<void> JsonBody::Add(std::string_view object, TimeNs now, EntryRun& out) {
  if (Result<void> read = reader_.Read(object, now, out); !read) {
    return Refuse(std::move(read.error()));
  }
  ++entries_;
  return {};
}

std::unexpected<Error> JsonBody::Refuse(Error error) const {
  error.message = "entry " + std::to_string(entries_) + " " + error.message;
  return Fail(std::move(error));
}

}  // namespace tailrace
